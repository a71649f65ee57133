//! Secrets in a stream: gone, however it is cut.

use nightlatch_core::reference::mask::Masker;
use nightlatch_core::sensitive::Sensitive;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

const STREAM: &[&[u8]] = &[
    b"ab",
    b"ba",
    b"aab",
    b"c",
    b"\xff\x00",
    b"\"\n",
    b" /",
    b"YWI",
    b"%2",
];

/// Pieces of which secrets and streams are made, so that they meet, overlap, and nearly meet.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        6 => select(STREAM).prop_map(<[u8]>::to_vec),
        1 => any::<u8>().prop_map(|byte| vec![byte]),
    ];
    vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn hidden(secrets: &[Sensitive], chunks: &[&[u8]]) -> Vec<u8> {
    let mut masker = Masker::new(secrets);
    let mut out: Vec<u8> = chunks.iter().flat_map(|chunk| masker.feed(chunk)).collect();
    out.extend(masker.finish());
    out
}

proptest! {
    /// How a stream is cut makes no difference, and every secret in it is gone.
    #[test]
    fn no_secret_passes_a_masker(
        secrets in vec(vec(select(&b"ab\"\n /c\xff"[..]), 4..9), 0..4),
        before in stream(),
        at in any::<Index>(),
        after in stream(),
        cuts in vec(any::<Index>(), 0..6),
    ) {
        let secrets: Vec<Sensitive> = secrets.into_iter().map(Sensitive::from).collect();
        let middle = if secrets.is_empty() { &[][..] } else { at.get(&secrets).expose() };
        let text = [&before[..], middle, &after[..]].concat();
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).chain([text.len()]).collect();
        ends.sort_unstable();
        let mut start = 0;
        let chunks: Vec<&[u8]> = ends.iter().map(|end| &text[std::mem::replace(&mut start, *end)..*end]).collect();
        let out = hidden(&secrets, &chunks);
        prop_assert_eq!(&out, &hidden(&secrets, &[&text]));
        for secret in &secrets {
            prop_assert!(!out.windows(secret.len()).any(|window| window == secret.expose()));
        }
        if secrets.is_empty() {
            prop_assert_eq!(out, text);
        }
    }
}
