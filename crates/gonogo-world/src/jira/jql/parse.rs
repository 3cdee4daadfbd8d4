//! From tokens to clauses.

use super::Query;
use super::lex::{Kind, Token, tokens};

#[derive(Debug, PartialEq)]
pub(super) enum Clause {
    All(Vec<Clause>),
    Any(Vec<Clause>),
    Not(Box<Clause>),
    Term(Term),
}

/// `field operator operand`
#[derive(Debug, PartialEq)]
pub(super) struct Term {
    /// As written; `cf[10041]` for a custom field.
    pub(super) field: String,
    pub(super) operator: Operator,
    /// Empty for `is EMPTY`.
    pub(super) values: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equals,
    Differs,
    In,
    NotIn,
    Contains,
    Lacks,
    Below,
    AtMost,
    Above,
    AtLeast,
    IsEmpty,
    IsNotEmpty,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Key,
    Created,
    Updated,
}

impl Operator {
    /// How errors call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Equals => "=",
            Self::Differs => "!=",
            Self::In => "in",
            Self::NotIn => "not in",
            Self::Contains => "~",
            Self::Lacks => "!~",
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::Above => ">",
            Self::AtLeast => ">=",
            Self::IsEmpty => "is",
            Self::IsNotEmpty => "is not",
        }
    }
}

pub(super) fn query(text: &str) -> Result<Query, String> {
    let mut parser = Parser { tokens: tokens(text)?, next: 0 };
    let is_bare = parser.at_end() || parser.peek_word("order");
    let clause = if is_bare { None } else { Some(parser.any()?) };
    let order = parser.order()?;
    if parser.at_end() { Ok(Query { clause, order }) } else { Err(parser.expected("either 'OR' or 'AND'")) }
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
}

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.next]
    }

    /// The next token; the end stays.
    fn take(&mut self) -> Kind {
        let kind = self.peek().kind.clone();
        if kind != Kind::End {
            self.next += 1;
        }
        kind
    }

    fn at_end(&self) -> bool {
        self.peek().kind == Kind::End
    }

    fn peek_word(&self, word: &str) -> bool {
        matches!(&self.peek().kind, Kind::Word(text) if text.eq_ignore_ascii_case(word))
    }

    fn word(&mut self, word: &str) -> bool {
        let is_there = self.peek_word(word);
        self.next += usize::from(is_there);
        is_there
    }

    fn sign(&mut self, sign: &str) -> bool {
        let is_there = matches!(self.peek().kind, Kind::Sign(text) if text == sign);
        self.next += usize::from(is_there);
        is_there
    }

    fn expected(&self, what: &str) -> String {
        let token = self.peek();
        let what = match token.kind {
            Kind::End => format!("Expecting {what} before the end of the query."),
            _ => format!("Expecting {what} but got '{}'.", token.kind.name()),
        };
        token.at.complain(&what)
    }

    fn any(&mut self) -> Result<Clause, String> {
        let mut clauses = vec![self.all()?];
        while self.word("or") || self.sign("||") || self.sign("|") {
            clauses.push(self.all()?);
        }
        Ok(single_or(clauses, Clause::Any))
    }

    fn all(&mut self) -> Result<Clause, String> {
        let mut clauses = vec![self.one()?];
        while self.word("and") || self.sign("&&") {
            clauses.push(self.one()?);
        }
        Ok(single_or(clauses, Clause::All))
    }

    fn one(&mut self) -> Result<Clause, String> {
        if self.word("not") || self.sign("!") {
            return Ok(Clause::Not(Box::new(self.one()?)));
        }
        if self.sign("(") {
            let clause = self.any()?;
            return if self.sign(")") { Ok(clause) } else { Err(self.expected("')'")) };
        }
        let field = self.field()?;
        let (operator, values) = self.comparison()?;
        Ok(Clause::Term(Term { field, operator, values }))
    }

    fn field(&mut self) -> Result<String, String> {
        let name = match &self.peek().kind {
            Kind::Word(text) | Kind::Quoted(text) => text.clone(),
            _ => return Err(self.expected("a field name")),
        };
        self.next += 1;
        if !name.eq_ignore_ascii_case("cf") || !self.sign("[") {
            return Ok(name);
        }
        match self.take() {
            Kind::Word(number) if self.sign("]") => Ok(format!("cf[{number}]")),
            _ => Err(self.expected("the number of a custom field in brackets")),
        }
    }

    fn comparison(&mut self) -> Result<(Operator, Vec<String>), String> {
        for (sign, operator) in [
            ("=", Operator::Equals),
            ("!=", Operator::Differs),
            ("~", Operator::Contains),
            ("!~", Operator::Lacks),
            ("<", Operator::Below),
            ("<=", Operator::AtMost),
            (">", Operator::Above),
            (">=", Operator::AtLeast),
        ] {
            if self.sign(sign) {
                return self.against(operator);
            }
        }
        if self.word("in") {
            return Ok((Operator::In, self.list()?));
        }
        if self.word("not") {
            if self.word("in") {
                return Ok((Operator::NotIn, self.list()?));
            }
            return Err(self.expected("'IN'"));
        }
        if self.word("is") {
            let is_empty = !self.word("not");
            return if self.word("empty") || self.word("null") {
                Ok((emptiness(is_empty), Vec::new()))
            } else {
                Err(self.expected("'EMPTY' or 'NULL'"))
            };
        }
        Err(self.expected("operator '=', '!=', '<', '>', '<=', '>=', '~', '!~', 'IN', 'NOT IN', 'IS' or 'IS NOT'"))
    }

    fn against(&mut self, operator: Operator) -> Result<(Operator, Vec<String>), String> {
        let is_empty = self.word("empty") || self.word("null");
        match operator {
            Operator::Equals if is_empty => Ok((Operator::IsEmpty, Vec::new())),
            Operator::Differs if is_empty => Ok((Operator::IsNotEmpty, Vec::new())),
            _ => Ok((operator, vec![self.value()?])),
        }
    }

    fn list(&mut self) -> Result<Vec<String>, String> {
        if !self.sign("(") {
            return Err(self.expected("'('"));
        }
        let mut values = vec![self.value()?];
        while self.sign(",") {
            values.push(self.value()?);
        }
        if self.sign(")") { Ok(values) } else { Err(self.expected("')'")) }
    }

    fn value(&mut self) -> Result<String, String> {
        let token = self.peek().clone();
        let (text, is_word) = match token.kind {
            Kind::Quoted(text) => (text, false),
            Kind::Word(text) if !is_operator(&text) => (text, true),
            Kind::Word(text) => {
                return Err(token.at.complain(&format!(
                    "Expecting either a value, list or function but got '{text}'. \
                     You must surround '{text}' in quotation marks to use it as a value."
                )));
            }
            _ => return Err(self.expected("either a value, list or function")),
        };
        self.next += 1;
        if is_word && self.sign("(") {
            return Err(format!("Unable to find JQL function '{text}()'."));
        }
        Ok(text)
    }

    fn order(&mut self) -> Result<Vec<(Sort, bool)>, String> {
        let mut order = Vec::new();
        if !self.word("order") {
            return Ok(order);
        }
        if !self.word("by") {
            return Err(self.expected("'by'"));
        }
        loop {
            let field = self.field()?;
            let sort = match field.to_ascii_lowercase().as_str() {
                "key" | "issuekey" | "issue" | "id" => Sort::Key,
                "created" | "createddate" => Sort::Created,
                "updated" | "updateddate" => Sort::Updated,
                _ => return Err(format!("Not able to sort using field '{field}'.")),
            };
            let is_descending = !self.word("asc") && self.word("desc");
            order.push((sort, is_descending));
            if !self.sign(",") {
                return Ok(order);
            }
        }
    }
}

fn emptiness(is_empty: bool) -> Operator {
    if is_empty { Operator::IsEmpty } else { Operator::IsNotEmpty }
}

fn single_or(mut clauses: Vec<Clause>, many: fn(Vec<Clause>) -> Clause) -> Clause {
    match clauses.pop() {
        Some(only) if clauses.is_empty() => only,
        Some(last) => {
            clauses.push(last);
            many(clauses)
        }
        None => many(clauses),
    }
}

fn is_operator(word: &str) -> bool {
    ["and", "or", "not", "in", "is", "empty", "null"].contains(&word.to_ascii_lowercase().as_str())
}
