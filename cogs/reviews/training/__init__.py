"""Learning to review: examples to read, works to practise on, and the reviewer's licence.

Commands: /review examples, /review train; /manage reviews training for licences, the threshold and the works.
Acts: review.trained.
Jobs: none. Effects: the reviewer role, given and taken.
Stores about a person: their answers in the training with what they were compared with, for a year; and their licence,
with the reason where a facilitator gave or took it by hand. Deleted with the person: all of it.

The examples and samples that come with Lyceum are TOML, read and checked by `content.py`. Others of this feature ask
`licences.py` who is a trained reviewer.
"""
