"""Atlases of the cortex: which labels make up a region, and which vertex carries which label.

`groups` are the regions that benchmarks report, `label_files` reads FreeSurfer's and GIFTI's files
of labels, `surfaces` brings both onto a mesh.
"""
