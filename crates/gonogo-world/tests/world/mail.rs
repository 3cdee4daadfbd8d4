//! The mail server, held against a client that is not ours: Python's smtplib.

#![allow(clippy::disallowed_methods, reason = "the client is a program of its own")]

use gonogo_world::Mail;
use gonogo_world::mail::At;
use std::process::Command;

/// Runs a script with `smtp` and `port` at hand; what it prints.
#[track_caller]
fn smtplib(mail: &Mail, script: &str) -> String {
    const BEGIN: &str = "
import smtplib, ssl, sys
from email.message import EmailMessage
port, trusted = int(sys.argv[1]), ssl.create_default_context(cafile=sys.argv[2])
def letter(text='Grüße\\n.\\n..x\\n'):
    mail = EmailMessage()
    mail['From'], mail['To'], mail['Subject'] = 'a@example.com', 'b@example.com, c@example.com', 'Grüße'
    mail.set_content(text, cte='quoted-printable')
    return mail
";
    let ended = Command::new("python3")
        .args(["-c", &format!("{BEGIN}{script}"), &mail.port().to_string(), &mail.ca_file().display().to_string()])
        .output()
        .expect("python3 is there");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    String::from_utf8_lossy(&ended.stdout).trim().to_owned()
}

#[test]
fn it_takes_mail_of_who_signs_in_over_tls() {
    let mail = Mail::start();
    mail.lets_in("gonogo", "secret");
    let said = smtplib(
        &mail,
        "
smtp = smtplib.SMTP('localhost', port)
smtp.ehlo()
print(smtp.has_extn('starttls'), smtp.has_extn('auth'))
try: smtp.sendmail('a@example.com', ['b@example.com'], 'x')
except smtplib.SMTPSenderRefused as error: print(error.smtp_code)
smtp.starttls(context=trusted)
try: smtp.login('gonogo', 'wrong')
except smtplib.SMTPAuthenticationError as error: print(error.smtp_code)
smtp.login('gonogo', 'secret')
print(smtp.send_message(letter()))
smtp.quit()
",
    );
    assert_eq!(said.lines().collect::<Vec<_>>(), ["True False", "530", "535", "{}"]);
    let received = mail.has(1).remove(0);
    assert_eq!(received.to, ["b@example.com", "c@example.com"]);
    assert_eq!((received.is_secured, received.user.as_deref()), (true, Some("gonogo")));
    assert!(String::from_utf8_lossy(&received.message).contains("Subject: =?utf-8?"), "{received:?}");
}

#[test]
fn it_takes_mail_over_tls_from_the_first_byte_and_keeps_each_byte() {
    let mail = Mail::secured();
    smtplib(
        &mail,
        "
smtp = smtplib.SMTP_SSL('localhost', port, context=trusted)
smtp.sendmail('a@example.com', ['b@example.com'], b'Subject: x\\r\\n\\r\\n.\\r\\n..x\\r\\n.y\\r\\n')
smtp.quit()
",
    );
    assert_eq!(mail.has(1)[0].message, b"Subject: x\r\n\r\n.\r\n..x\r\n.y\r\n");
}

#[test]
fn it_refuses_puts_off_and_breaks_off_as_it_is_told() {
    let mail = Mail::plain();
    mail.answers(At::Recipient, "550 5.1.1 no such user", 1).answers(At::Message, "451 4.3.0 later", 1);
    mail.keeps_in_silence(1);
    let said = smtplib(
        &mail,
        "
smtp = smtplib.SMTP('localhost', port)
def tries():
    try: return smtp.sendmail('a@example.com', ['b@example.com'], 'x')
    except smtplib.SMTPRecipientsRefused as error: return error.recipients['b@example.com'][0]
    except smtplib.SMTPDataError as error: return error.smtp_code
    except smtplib.SMTPServerDisconnected as error: return 'gone'
print(tries(), tries(), tries())
smtp = smtplib.SMTP('localhost', port)
print(tries(), smtp.docmd('MAIL FROM:<a@example.com>')[0], smtp.docmd('DATA')[0], smtp.docmd('STARTTLS')[0])
",
    );
    assert_eq!(said.lines().collect::<Vec<_>>(), ["550 451 gone", "{} 250 503 500"]);
    assert_eq!(mail.received().len(), 2, "the one without an answer, and the last");
}

#[test]
fn it_takes_no_message_with_lines_that_smtp_has_not() {
    let mail = Mail::plain();
    let said = smtplib(
        &mail,
        "
for body in [b'x' * 1500, 'ü'.encode(), b'a\\nb']:
    smtp = smtplib.SMTP('localhost', port)
    smtp.ehlo()
    smtp.docmd('MAIL FROM:<a@example.com>'), smtp.docmd('RCPT TO:<b@example.com>'), smtp.docmd('DATA')
    smtp.send(b'Subject: x\\r\\n\\r\\n' + body + b'\\r\\n.\\r\\n')
    print(smtp.getreply()[0])
",
    );
    assert_eq!(said.lines().collect::<Vec<_>>(), ["554"; 3]);
    assert!(mail.received().is_empty());
}
