//! What the fuzz targets assert, on their seeds and on random bytes.

#[path = "../../../fuzz/src/lib.rs"]
#[allow(unreachable_pub, reason = "a crate of its own where it is fuzzed")]
mod holds;

use proptest::prelude::*;
use std::path::Path;

type Invariant = fn(&[u8]);

const ALL: [(&str, Invariant); 5] = [
    ("keys", holds::keys),
    ("message", holds::message),
    ("trailers", holds::trailers),
    ("draft", holds::draft),
    ("policy", holds::policy),
];

#[test]
fn the_invariants_hold_on_the_seeds() {
    for (name, holds) in ALL {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(name);
        let seeds: Vec<_> = std::fs::read_dir(&folder).expect("a folder of seeds").collect();
        assert!(!seeds.is_empty(), "no seeds in {}", folder.display());
        for seed in seeds {
            let path = seed.expect("a seed").path();
            holds(&std::fs::read(&path).expect("a seed that can be read"));
        }
    }
}

proptest! {
    #[test]
    fn the_invariants_hold_on_any_bytes(
        bytes in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..60),
            "(STORY-1|[A-Z_]{1,3}-|[0-9]|[a-z:= \\[\\]\"#>-]|\n|\r\n|Flag: |This reverts commit |[0-9a-f]{7}|é){0,30}"
                .prop_map(String::into_bytes),
        ],
    ) {
        for (_, holds) in ALL {
            holds(&bytes);
        }
    }
}
