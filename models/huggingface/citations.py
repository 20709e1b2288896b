"""What to cite for each named checkpoint, in BibTeX."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["CITATIONS"]

CITATIONS: Mapping[str, str] = {
    "ast": """@inproceedings{gong2021ast,
  author = {Gong, Yuan and Chung, Yu-An and Glass, James},
  title = {{AST}: Audio Spectrogram Transformer},
  booktitle = {Interspeech},
  year = {2021},
}""",
    "data2vec": """@inproceedings{baevski2022data2vec,
  author = {Baevski, Alexei and Hsu, Wei-Ning and Xu, Qiantong and Babu, Arun and Gu, Jiatao and
            Auli, Michael},
  title = {data2vec: A General Framework for Self-supervised Learning in Speech, Vision and
           Language},
  booktitle = {International Conference on Machine Learning},
  year = {2022},
}""",
    "hubert": """@article{hsu2021hubert,
  author = {Hsu, Wei-Ning and Bolte, Benjamin and Tsai, Yao-Hung Hubert and Lakhotia, Kushal and
            Salakhutdinov, Ruslan and Mohamed, Abdelrahman},
  title = {{HuBERT}: Self-Supervised Speech Representation Learning by Masked Prediction of Hidden
           Units},
  journal = {IEEE/ACM Transactions on Audio, Speech, and Language Processing},
  volume = {29},
  year = {2021},
}""",
    "voxpopuli": """@inproceedings{wang2021voxpopuli,
  author = {Wang, Changhan and Riviere, Morgane and Lee, Ann and Wu, Anne and
            Talnikar, Chaitanya and Haziza, Daniel and Williamson, Mary and Pino, Juan and
            Dupoux, Emmanuel},
  title = {{VoxPopuli}: A Large-Scale Multilingual Speech Corpus for Representation Learning,
           Semi-Supervised Learning and Interpretation},
  booktitle = {Annual Meeting of the Association for Computational Linguistics},
  year = {2021},
}""",
    "wav2vec2": """@inproceedings{baevski2020wav2vec,
  author = {Baevski, Alexei and Zhou, Yuhao and Mohamed, Abdelrahman and Auli, Michael},
  title = {wav2vec 2.0: A Framework for Self-Supervised Learning of Speech Representations},
  booktitle = {Advances in Neural Information Processing Systems},
  volume = {33},
  pages = {12449--12460},
  year = {2020},
}""",
    "wavlm": """@article{chen2022wavlm,
  author = {Chen, Sanyuan and Wang, Chengyi and Chen, Zhengyang and Wu, Yu and Liu, Shujie and
            others},
  title = {{WavLM}: Large-Scale Self-Supervised Pre-Training for Full Stack Speech Processing},
  journal = {IEEE Journal of Selected Topics in Signal Processing},
  volume = {16},
  year = {2022},
}""",
    "whisper": """@inproceedings{radford2023robust,
  author = {Radford, Alec and Kim, Jong Wook and Xu, Tao and Brockman, Greg and
            McLeavey, Christine and Sutskever, Ilya},
  title = {Robust Speech Recognition via Large-Scale Weak Supervision},
  booktitle = {International Conference on Machine Learning},
  year = {2023},
}""",
    "xls-r": """@inproceedings{babu2022xlsr,
  author = {Babu, Arun and Wang, Changhan and Tjandra, Andros and Lakhotia, Kushal and
            Xu, Qiantong and others},
  title = {{XLS-R}: Self-supervised Cross-lingual Speech Representation Learning at Scale},
  booktitle = {Interspeech},
  year = {2022},
}""",
    "xlsr": """@inproceedings{conneau2021unsupervised,
  author = {Conneau, Alexis and Baevski, Alexei and Collobert, Ronan and Mohamed, Abdelrahman and
            Auli, Michael},
  title = {Unsupervised Cross-Lingual Representation Learning for Speech Recognition},
  booktitle = {Interspeech},
  year = {2021},
}""",
}
"""By the key in ``named.tsv``."""
