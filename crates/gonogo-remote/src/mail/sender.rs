//! Who a mail is from.

use gonogo_core::email::EmailAddress;
use lettre::message::Mailbox;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    pub(super) from: Mailbox,
    /// Where an answer goes; without it to who it is from.
    pub(super) reply_to: Option<Mailbox>,
}

impl Sender {
    /// Both as `gonogo <gonogo@example.com>`, or the address alone.
    pub fn read(from: &str, reply_to: Option<&str>) -> Result<Self, String> {
        Ok(Self { from: mailbox(from)?, reply_to: reply_to.map(mailbox).transpose()? })
    }

    /// The domain that mail is from.
    pub fn domain(&self) -> String {
        self.from.email.domain().to_ascii_lowercase()
    }
}

fn mailbox(text: &str) -> Result<Mailbox, String> {
    let named = text.trim().strip_suffix('>').and_then(|rest| rest.rsplit_once('<'));
    let (name, address) = named.unwrap_or(("", text));
    let address: EmailAddress = address.parse().map_err(|error| format!("{error}"))?;
    let email = address.as_str().parse().map_err(|_| format!("`{address}` is no e-mail address"))?;
    let name = name.trim().trim_matches('"').trim();
    if name.chars().any(|c| c.is_control() || matches!(c, '<' | '>' | '"')) {
        return Err("a name has neither quotes nor < and >: write it as gonogo <gonogo@example.com>".to_owned());
    }
    Ok(Mailbox::new(Some(name.to_owned()).filter(|name| !name.is_empty()), email))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_an_address_with_or_without_a_name() {
        let read = |text: &str| Sender::read(text, None).map(|sender| sender.from.to_string());
        assert_eq!(read("gonogo@example.com").unwrap(), "gonogo@example.com");
        assert_eq!(read("Go, no go <gonogo@Example.com>").unwrap(), "\"Go, no go\" <gonogo@example.com>");
        assert_eq!(
            Sender::read("a@b.example", Some("x")).unwrap_err(),
            "`x` is no e-mail address: write it as support@example.com"
        );
        for wrong in ["gonogo", "a <b", "a\r\nBcc: x <a@b.c>", "<a@b> <a@b.c>"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
