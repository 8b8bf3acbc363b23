#!/usr/bin/env python3
"""Convert the WordNet 3.0 database files into one weighted edge list.

Usage: make_wordnet.py DICT_DIR OUTPUT.tsv.gz

DICT_DIR holds data.{noun,verb,adj,adv}, index.{noun,verb,adj,adv} and cntlist.rev. The output
has the columns source, target, weight and relation, and depends on nothing but the input: its
rows are sorted by bytes, and the gzip header carries neither a time nor a file name.

Nodes. A word is its lemma as the data files spell it, with spaces for underscores and without
an adjective's position marker, one node for all parts of speech: "dog", "hot dog", "New York".
Spellings which differ by case only are different words ("china", "China"). A synset is named
as NLTK names it: its first lemma in lower case, a letter for the part of speech (n noun, v verb,
a adjective, s satellite adjective, r adverb), and the rank of this sense of that lemma in the
index file: "dog.n.01".

Edges. "sense" leads from a word to each of its synsets, "lemma" from a synset to each of its
words; every pointer of the data files keeps its direction, and joins two words if it is
lexical and two synsets if it is semantic. RELATIONS names them. Repeats of an edge (the same
pair of words in several senses) are written once. A lexical pointer from a word to itself (the
noun "dog" and the verb "dog" are one node) is left out.

Weights. A node shares one unit among its outgoing edges, so that activation which leaves a node
is split and never multiplied, and a node with many neighbours does not flood them:

1. the unit is divided among the relations present at the node, by the strengths in RELATIONS
   (chosen by hand: they are the only numbers here which are not from WordNet);
2. a relation's part is divided evenly among its edges, except for "sense": there it is divided
   in proportion to c + 1/r, where c is how often the sense was tagged in the semantic
   concordance (cntlist.rev, looked up by sense key) and r is its rank in the index file;
3. the result is rounded down to a multiple of 1/1024, and is never less than 1/1024, which
   makes every weight exact in a 32-bit float.

The program stops with an error if two synsets share a label, a synset's label is also a word,
a pointer leads nowhere, or a pointer's symbol is unknown.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

# Pointer symbol (or the name itself, for the two relations which are not pointers) to the
# name of the relation and its strength.
RELATIONS: dict[str, tuple[str, int]] = {
    "sense": ("sense", 8),
    "lemma": ("lemma", 4),
    "@": ("hypernym", 4),
    "@i": ("instance hypernym", 4),
    "~": ("hyponym", 4),
    "~i": ("instance hyponym", 4),
    "#m": ("member of", 1),
    "#s": ("substance of", 1),
    "#p": ("part of", 1),
    "%m": ("has member", 1),
    "%s": ("has substance", 1),
    "%p": ("has part", 1),
    "=": ("attribute", 2),
    "*": ("entailment", 2),
    ">": ("cause", 2),
    "&": ("similar to", 4),
    "^": ("also see", 2),
    "$": ("verb group", 2),
    "+": ("derivation", 2),
    "\\": ("pertainym", 2),
    "<": ("participle of", 2),
    "!": ("antonym", 2),
    ";c": ("domain topic", 1),
    ";r": ("domain region", 1),
    ";u": ("domain usage", 1),
    "-c": ("topic of", 1),
    "-r": ("region of", 1),
    "-u": ("usage of", 1),
}
STRENGTH: dict[str, int] = dict(RELATIONS.values())

# File suffix to the letter under which pointers name the file.
FILES: dict[str, str] = {"noun": "n", "verb": "v", "adj": "a", "adv": "r"}
# Synset type to its digit in a sense key.
KEY_DIGIT: dict[str, str] = {"n": "1", "v": "2", "a": "3", "r": "4", "s": "5"}

GRID = 1024
MARKER = re.compile(r"\((?:p|a|ip)\)$")
HEADER = "source\ttarget\tweight\trelation"

# Where a synset is: its byte offset and the letter of its file.
Place = tuple[str, str]
# (node, relation) to the targets, each with its claim to a part of the relation's share.
Shares = defaultdict[tuple[str, str], dict[str, Fraction]]


class BadData(Exception):
    """The input is not what this program can turn into a graph."""


@dataclass
class Pointer:
    symbol: str
    target: Place
    source_word: int  # from 1; 0 if the pointer is semantic
    target_word: int


@dataclass
class Synset:
    kind: str
    lex_file: str
    lemmas: list[str]  # as spelled, underscores kept, markers gone
    lex_ids: list[int]
    pointers: list[Pointer] = field(default_factory=list)


def records(path: Path) -> list[list[str]]:
    """The fields of each line before its gloss, without the licence at the top."""
    text = path.read_text(encoding="utf-8")
    return [
        line.split(" | ", 1)[0].split()
        for line in text.split("\n")
        if line and not line.startswith("  ")
    ]


def read_index(folder: Path) -> dict[tuple[str, str], list[str]]:
    """(lemma in lower case, file letter) to its synsets' offsets, most frequent sense first."""
    index: dict[tuple[str, str], list[str]] = {}
    for suffix, letter in FILES.items():
        for fields in records(folder / f"index.{suffix}"):
            index[fields[0], letter] = fields[-int(fields[2]) :]
    return index


def read_synsets(folder: Path) -> dict[Place, Synset]:
    synsets: dict[Place, Synset] = {}
    for suffix, letter in FILES.items():
        for fields in records(folder / f"data.{suffix}"):
            offset, lex_file, kind = fields[:3]
            end = 4 + 2 * int(fields[3], 16)
            lemmas = [MARKER.sub("", word) for word in fields[4:end:2]]
            synset = Synset(kind, lex_file, lemmas, [int(x, 16) for x in fields[5:end:2]])
            for at in range(end + 1, end + 1 + 4 * int(fields[end]), 4):
                symbol, target, target_letter, words = fields[at : at + 4]
                if symbol not in RELATIONS:
                    raise BadData(f"unknown pointer symbol {symbol!r} in data.{suffix} {offset}")
                ends = int(words[:2], 16), int(words[2:], 16)
                if (ends[0] == 0) != (ends[1] == 0):
                    raise BadData(f"half a lexical pointer in data.{suffix} {offset}: {words}")
                synset.pointers.append(Pointer(symbol, (target, target_letter), *ends))
            synsets[offset, letter] = synset
    return synsets


def read_counts(folder: Path) -> dict[str, int]:
    """Sense key to the number of times the sense was tagged."""
    return {fields[0]: int(fields[2]) for fields in records(folder / "cntlist.rev")}


def word_label(lemma: str) -> str:
    return lemma.replace("_", " ")


def sense_key(synsets: dict[Place, Synset], synset: Synset, word: int) -> str:
    """The key of one word of a synset, as the manual page senseidx(5WN) defines it."""
    head = ":"
    if synset.kind == "s":
        place = next(p.target for p in synset.pointers if p.symbol == "&")
        cluster = synsets[place]
        head = f"{cluster.lemmas[0].lower()}:{cluster.lex_ids[0]:02}"
    lemma, digit = synset.lemmas[word].lower(), KEY_DIGIT[synset.kind]
    return f"{lemma}%{digit}:{synset.lex_file}:{synset.lex_ids[word]:02}:{head}"


def name_synsets(
    synsets: dict[Place, Synset], index: dict[tuple[str, str], list[str]]
) -> dict[Place, str]:
    """A unique label for each synset, different from every word."""
    labels: dict[Place, str] = {}
    for (offset, letter), synset in synsets.items():
        lemma = synset.lemmas[0].lower()
        rank = index[lemma, letter].index(offset) + 1
        labels[offset, letter] = f"{lemma}.{synset.kind}.{rank:02}"
    doubles = [label for label, n in Counter(labels.values()).items() if n > 1]
    if doubles:
        raise BadData(f"labels of more than one synset: {doubles[:10]}")
    words = {word_label(lemma) for synset in synsets.values() for lemma in synset.lemmas}
    both = sorted(words.intersection(labels.values()))
    if both:
        raise BadData(f"labels of a word and of a synset: {both[:10]}")
    return labels


def build(folder: Path) -> tuple[Shares, Counter[str]]:
    """All edges, each with its claim, and counts of what was read and left out."""
    index, synsets, counts = read_index(folder), read_synsets(folder), read_counts(folder)
    labels = name_synsets(synsets, index)
    shares: Shares = defaultdict(dict)
    facts: Counter[str] = Counter()
    words: set[str] = set()
    facts["synsets"] = len(synsets)
    facts["index entries"] = len(index)

    for (offset, letter), synset in synsets.items():
        label = labels[offset, letter]
        for at, lemma in enumerate(synset.lemmas):
            word = word_label(lemma)
            words.add(word)
            rank = index[lemma.lower(), letter].index(offset) + 1
            tagged = counts.get(sense_key(synsets, synset, at), 0)
            shares[word, "sense"][label] = tagged + Fraction(1, rank)
            shares[label, "lemma"][word] = Fraction(1)
        for pointer in synset.pointers:
            relation = RELATIONS[pointer.symbol][0]
            if pointer.target not in synsets:
                raise BadData(f"{label}: {relation} leads to no synset: {pointer.target}")
            if pointer.source_word:
                source = word_label(synset.lemmas[pointer.source_word - 1])
                target = word_label(synsets[pointer.target].lemmas[pointer.target_word - 1])
                facts["lexical pointers"] += 1
            else:
                source, target = label, labels[pointer.target]
                facts["semantic pointers"] += 1
            if source == target:
                facts["self loops left out"] += 1
            elif target in shares[source, relation]:
                facts["repeats left out"] += 1
            else:
                shares[source, relation][target] = Fraction(1)

    facts["words"] = len(words)
    facts["words but for case"] = len({word.lower() for word in words})
    return shares, facts


def weigh(shares: Shares) -> list[tuple[str, str, str, str]]:
    """The rows of the edge list, in order of their bytes."""
    present: Counter[str] = Counter()
    for (node, relation), targets in shares.items():
        if targets:
            present[node] += STRENGTH[relation]
    rows: list[tuple[str, str, str, str]] = []
    for (node, relation), targets in shares.items():
        if not targets:
            continue
        unit = Fraction(STRENGTH[relation] * GRID, present[node]) / sum(targets.values())
        for target, claim in targets.items():
            steps = max(1, int(unit * claim))
            rows.append((node, target, repr(steps / GRID), relation))
    rows.sort(key=lambda row: "\t".join(row).encode())
    return rows


def write(rows: list[tuple[str, str, str, str]], output: Path) -> None:
    lines = [HEADER, *("\t".join(row) for row in rows)]
    if any('"' in line or line.count("\t") != 3 for line in lines):
        raise BadData("a label holds a tab or a quote")
    content = ("\n".join(lines) + "\n").encode()
    with output.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        packed.write(content)
    for name, data in ((output.name, output.read_bytes()), ("uncompressed", content)):
        print(f"{hashlib.sha256(data).hexdigest()}  {name} ({len(data)} bytes)")


def main(arguments: list[str]) -> int:
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    shares, facts = build(Path(arguments[0]))
    rows = weigh(shares)
    write(rows, Path(arguments[1]))
    nodes = {row[0] for row in rows} | {row[1] for row in rows}
    print(f"{len(nodes)} nodes, {len(rows)} edges")
    for name, number in facts.items():
        print(f"{number:8} {name}")
    relations = Counter(row[3] for row in rows)
    for relation in STRENGTH:
        print(f"{relations[relation]:8} edges: {relation}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except BadData as error:
        sys.exit(f"make_wordnet.py: {error}")
