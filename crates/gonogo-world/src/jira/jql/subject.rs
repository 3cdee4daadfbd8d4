//! What a field's name in a query stands for.

use super::super::fields::{Field, FieldKind};
use super::super::state::State;
use super::parse::Operator;

#[derive(Debug)]
pub(super) enum Subject {
    /// The issue itself, by key or number.
    Issue,
    Parent,
    Project,
    Status,
    StatusCategory,
    Type,
    Labels,
    Assignee,
    Summary,
    Description,
    Created,
    Updated,
    /// All custom fields with that name.
    Custom(Vec<Field>),
}

impl Subject {
    pub(super) fn of(field: &str, state: &State) -> Option<Self> {
        let subject = match field.to_ascii_lowercase().as_str() {
            "key" | "issuekey" | "issue" | "id" => Self::Issue,
            "parent" => Self::Parent,
            "project" => Self::Project,
            "status" => Self::Status,
            "statuscategory" => Self::StatusCategory,
            "issuetype" | "type" => Self::Type,
            "labels" => Self::Labels,
            "assignee" => Self::Assignee,
            "summary" => Self::Summary,
            "description" => Self::Description,
            "created" | "createddate" => Self::Created,
            "updated" | "updateddate" => Self::Updated,
            name => {
                let fields: Vec<Field> = state
                    .fields
                    .iter()
                    .filter(|field| {
                        field.number.is_some_and(|number| {
                            name == format!("cf[{number}]") || name == field.name.to_lowercase() || name == field.id
                        })
                    })
                    .cloned()
                    .collect();
                if fields.is_empty() {
                    return None;
                }
                Self::Custom(fields)
            }
        };
        Some(subject)
    }

    pub(super) fn takes(&self, operator: Operator) -> bool {
        use Operator as O;
        let equality = matches!(operator, O::Equals | O::Differs | O::In | O::NotIn);
        let emptiness = matches!(operator, O::IsEmpty | O::IsNotEmpty);
        let order = matches!(operator, O::Below | O::AtMost | O::Above | O::AtLeast | O::Equals | O::Differs);
        let text = matches!(operator, O::Contains | O::Lacks);
        match self {
            Self::Issue => equality,
            Self::Summary | Self::Description => text || emptiness,
            Self::Created | Self::Updated => order || emptiness,
            Self::Custom(fields) => {
                emptiness
                    || fields.iter().all(|field| match field.kind {
                        FieldKind::Text | FieldKind::RichText => text,
                        FieldKind::Number => equality || order,
                        FieldKind::Date | FieldKind::DateTime => order,
                        _ => equality,
                    })
            }
            _ => equality || emptiness,
        }
    }
}
