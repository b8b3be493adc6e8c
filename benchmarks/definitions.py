"""Choose the dictionary entries that MiniLM-L6 looks up: benchmarks/data/wordnet/definitions.tsv.

    python benchmarks/definitions.py /usr/share/wordnet

The folder is WordNet 3.0's database, which Debian's package ``wordnet-base`` carries. Kept are nouns of one
plain word, used in its tagged texts, whose most frequent sense has a definition of exactly ``TOKENS``
tokens that names no word of its entry; of synonyms the first. Equal lengths need no padding, and the FLOP
of the profile are those of every query.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

from network_minilm import ENTRIES, TOKENS, tokenizer

_WORD = re.compile(r"[a-z]{3,}")


def frequent_senses(index: Path) -> Iterator[tuple[str, int]]:
    """Yield each plain noun that a tagged text uses, with where its most frequent sense lies."""
    for line in index.read_text(encoding="ascii").splitlines():
        word, *rest = line.split()
        if not line.startswith(" ") and _WORD.fullmatch(word):
            senses = int(rest[1])
            if int(rest[-senses - 1]) > 0:
                yield word, int(rest[-senses])


def entry(data: bytes, place: int) -> tuple[list[str], str]:
    """Return the words of a synset and its definition, without the examples."""
    line = data[place : data.index(b"\n", place)].decode("ascii")
    fields, gloss = line.split(" | ", 1)
    parts = fields.split(" ")
    words = [it.replace("_", " ") for it in parts[4 : 4 + 2 * int(parts[3], 16) : 2]]
    return words, re.split(r'[;"]', gloss)[0].strip()


def entries(home: Path) -> list[tuple[str, str]]:
    """Return all words with a definition that fits, in the order of the alphabet."""
    data, encode = (home / "data.noun").read_bytes(), tokenizer().encode
    found, seen = [], set()
    for word, place in frequent_senses(home / "index.noun"):
        words, definition = entry(data, place)
        named = set(_WORD.findall(definition.lower()))
        parts = {part for it in words for part in _WORD.findall(it.lower())}
        if place in seen or named & parts:
            continue
        if len(encode(definition).ids) == TOKENS:
            seen.add(place)
            found.append((word, definition))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    home = parser.parse_args().folder
    rows = [f"{word}\t{definition}\n" for word, definition in entries(home)]
    ENTRIES.write_text("".join(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
