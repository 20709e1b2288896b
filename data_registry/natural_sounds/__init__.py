"""What the recordings of the 165 natural sounds share: names, categories, files, phantoms.

Norman-Haignere, Kanwisher and McDermott (2015) chose 165 sounds of 2 s that people hear often. They
were heard by the listeners of `nh2015` and of `b2021`, and `nh2015_components` are six patterns of
response to them. Every file names its sounds, and not all in the same order: whatever is read here
is put in order by name.
"""
