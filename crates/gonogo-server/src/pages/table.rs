//! Tables. On a narrow screen each row is a list whose cells name their columns.

use maud::{Markup, html};

/// The roles stand there in words because a table that is laid out as lists is
/// no table any more to a screen reader.
pub(crate) fn table<const N: usize>(columns: [&str; N], rows: impl IntoIterator<Item = [Markup; N]>) -> Markup {
    html! {
        table role="table" {
            thead role="rowgroup" {
                tr role="row" { @for column in columns { th role="columnheader" scope="col" { (column) } } }
            }
            tbody role="rowgroup" {
                @for row in rows {
                    tr role="row" {
                        @for (column, cell) in columns.iter().zip(row) {
                            td role="cell" data-column=(column) { (cell) }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cell_knows_its_column() {
        let page = table(["Key", "Title"], [[html! { "STORY-1" }, html! { "<b>" }]]).into_string();
        assert!(page.contains(r#"<td role="cell" data-column="Title">&lt;b&gt;</td>"#), "{page}");
    }
}
