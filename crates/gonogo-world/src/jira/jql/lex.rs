//! Words, strings and signs of a query.

/// A piece of a query, and where it begins.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) at: Place,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Word(String),
    Quoted(String),
    /// `=`, `!=`, `(`, `,` and so on.
    Sign(&'static str),
    End,
}

/// Line and character, both from one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place(usize, usize);

impl Kind {
    /// How it is called in an error.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Word(text) | Self::Quoted(text) => text,
            Self::Sign(sign) => sign,
            Self::End => "",
        }
    }
}

impl Place {
    pub(super) fn complain(self, what: &str) -> String {
        format!("Error in the JQL Query: {what} (line {}, character {})", self.0, self.1)
    }
}

/// The longer ones first.
const SIGNS: [&str; 17] = ["!=", "!~", ">=", "<=", "&&", "||", "=", "~", ">", "<", "(", ")", ",", "[", "]", "!", "|"];
/// The words that Jira keeps to itself are many; these are its grammar's own
/// and those that look most like project keys.
const RESERVED: [&str; 26] = [
    "add", "all", "alter", "any", "as", "asc", "begin", "by", "check", "commit", "delete", "desc", "end", "from",
    "group", "if", "like", "limit", "on", "order", "select", "set", "table", "to", "update", "where",
];
const RESERVED_CHARACTERS: &str = "?*/%^$#@:;{}+&`\\";

struct Cursor<'a> {
    rest: &'a str,
    line: usize,
    character: usize,
}

impl Cursor<'_> {
    fn place(&self) -> Place {
        Place(self.line, self.character)
    }

    fn advance(&mut self) -> Option<char> {
        let next = self.rest.chars().next()?;
        self.rest = &self.rest[next.len_utf8()..];
        if next == '\n' {
            self.line += 1;
            self.character = 1;
        } else {
            self.character += 1;
        }
        Some(next)
    }
}

/// All tokens, the last being the end.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut cursor = Cursor { rest: text, line: 1, character: 1 };
    let mut tokens = Vec::new();
    loop {
        while cursor.rest.starts_with(char::is_whitespace) {
            cursor.advance();
        }
        let at = cursor.place();
        let Some(first) = cursor.rest.chars().next() else {
            tokens.push(Token { kind: Kind::End, at });
            return Ok(tokens);
        };
        let kind = if first == '"' || first == '\'' {
            Kind::Quoted(quoted(&mut cursor, at)?)
        } else if let Some(sign) = SIGNS.iter().find(|sign| cursor.rest.starts_with(**sign)) {
            for _ in sign.chars() {
                cursor.advance();
            }
            Kind::Sign(sign)
        } else {
            Kind::Word(word(&mut cursor)?)
        };
        tokens.push(Token { kind, at });
    }
}

fn quoted(cursor: &mut Cursor<'_>, at: Place) -> Result<String, String> {
    let quote = cursor.advance();
    let mut text = String::new();
    loop {
        match cursor.advance() {
            end if end == quote => return Ok(text),
            Some('\\') => text.push(escaped(cursor, at)?),
            Some(other) => text.push(other),
            None => {
                return Err(at.complain(&format!("The quoted string '{text}' has not been completed.")));
            }
        }
    }
}

fn escaped(cursor: &mut Cursor<'_>, at: Place) -> Result<char, String> {
    match cursor.advance() {
        Some('n') => Ok('\n'),
        Some('t') => Ok('\t'),
        Some('r') => Ok('\r'),
        Some(same @ ('"' | '\'' | '\\' | ' ')) => Ok(same),
        Some('u') => {
            let digits: String = std::iter::from_fn(|| cursor.advance()).take(4).collect();
            let code = u32::from_str_radix(&digits, 16).ok();
            code.and_then(char::from_u32).ok_or_else(|| illegal_escape(&format!("u{digits}"), at))
        }
        other => Err(illegal_escape(&other.unwrap_or(' ').to_string(), at)),
    }
}

fn illegal_escape(what: &str, at: Place) -> String {
    at.complain(&format!(
        "'\\{what}' is an illegal JQL escape sequence. \
         The valid escape sequences are \\', \\\", \\t, \\n, \\r, \\\\, '\\ ' and \\uXXXX."
    ))
}

fn word(cursor: &mut Cursor<'_>) -> Result<String, String> {
    let begin = cursor.place();
    let mut text = String::new();
    while let Some(next) = cursor.rest.chars().next() {
        let ends = next.is_whitespace() || "\"'=!~<>()[],|&".contains(next);
        if ends && !text.is_empty() {
            break;
        }
        if RESERVED_CHARACTERS.contains(next) {
            return Err(cursor.place().complain(&format!(
                "The character '{next}' is a reserved JQL character. \
                 You must enclose it in a string or use the escape '\\u{:04x}' instead.",
                u32::from(next)
            )));
        }
        text.extend(cursor.advance());
    }
    if RESERVED.contains(&text.to_ascii_lowercase().as_str()) && !is_grammar(&text) {
        return Err(begin.complain(&format!(
            "'{text}' is a reserved JQL word. \
             You must surround it in quotation marks to use it in a query."
        )));
    }
    Ok(text)
}

/// Reserved, but at home in `ORDER BY … ASC`.
fn is_grammar(word: &str) -> bool {
    ["order", "by", "asc", "desc"].contains(&word.to_ascii_lowercase().as_str())
}
