// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Grouped bars, as SVG.

use svg::{
    node::{
        element::{Rectangle, Text, Title},
        Comment,
    },
    Document,
};

/// The width of the picture, and that of the labels in front of the rows.
const WIDTH: f64 = 760.0;
const LABELS: f64 = 290.0;

/// The height of a bar, and the space between rows.
const BAR: f64 = 11.0;
const GAP: f64 = 9.0;

// The background is the page's, so these can be read on a light one and on a dark one.
const INK: &str = "#7a828c";
const COLOURS: [&str; 3] = ["#d4703a", "#4c8dd6", "#3f9e6e"];

/// Rows with a bar for each series that has a value.
pub fn bars(title: &str, series: [&str; 3], rows: &[(&str, [Option<f64>; 3])]) -> String {
    let values = rows.iter().flat_map(|(_, values)| values);
    let most = values.flatten().copied().fold(1.0, f64::max);
    let mut image = Document::new()
        .set("font-family", "system-ui, sans-serif")
        .set("font-size", 12)
        .add(Comment::new("SPDX-License-Identifier: GPL-2.0"))
        .add(Comment::new("Copyright (C) 2026 The rprobes authors"))
        .add(Title::new(title))
        .add(text(title, 0.0, 18.0).set("font-weight", "bold"));
    let mut x = WIDTH - 50.0 * series.len() as f64;
    for (name, colour) in series.into_iter().zip(COLOURS) {
        image = image
            .add(bar(x, 9.0, BAR, colour))
            .add(text(name, x + BAR + 4.0, 18.0));
        x += 50.0;
    }
    let mut y = 34.0;
    for (label, values) in rows {
        let top = y;
        for (value, colour) in values.iter().zip(COLOURS) {
            let Some(value) = value else { continue };
            let width = value / most * (WIDTH - LABELS - 40.0);
            let number = text(&format!("{value:.0}"), LABELS + width + 4.0, y + BAR - 2.0);
            image = image
                .add(bar(LABELS, y, width, colour))
                .add(number.set("font-size", 10));
            y += BAR;
        }
        let label = text(label, LABELS - 8.0, (top + y) / 2.0 + 4.0);
        image = image.add(label.set("text-anchor", "end"));
        y += GAP;
    }
    image.set("viewBox", (0.0, 0.0, WIDTH, y)).to_string()
}

fn text(content: &str, x: f64, y: f64) -> Text {
    Text::new(content)
        .set("x", format!("{x:.1}"))
        .set("y", format!("{y:.1}"))
        .set("fill", INK)
}

fn bar(x: f64, y: f64, width: f64, colour: &str) -> Rectangle {
    Rectangle::new()
        .set("x", x)
        .set("y", y)
        .set("width", format!("{width:.1}"))
        .set("height", BAR - 1.0)
        .set("fill", colour)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_value_and_absent_without() {
        let image = bars(
            "Title",
            ["a", "b", "c"],
            &[("x", [Some(100.0), Some(50.0), None])],
        );
        let wide = WIDTH - LABELS - 40.0;
        assert!(image.contains(&format!("width=\"{wide:.1}\"")), "{image}");
        assert!(
            image.contains(&format!("width=\"{:.1}\"", wide / 2.0)),
            "{image}"
        );
        // The legend has one of each, and the third colour nothing else.
        assert_eq!(image.matches(COLOURS[0]).count(), 2);
        assert_eq!(image.matches(COLOURS[2]).count(), 1);
    }
}
