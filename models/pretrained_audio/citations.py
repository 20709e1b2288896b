"""What to cite for each family, in BibTeX."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["CITATIONS"]

CITATIONS: Mapping[str, str] = {
    "beats": """@inproceedings{chen2023beats,
  author = {Chen, Sanyuan and Wu, Yu and Wang, Chengyi and Liu, Shujie and Tompkins, Daniel and
            Chen, Zhuo and Wei, Furu},
  title = {{BEATs}: Audio Pre-Training with Acoustic Tokenizers},
  booktitle = {International Conference on Machine Learning},
  year = {2023},
}""",
    "dasheng": """@inproceedings{dinkel2024scaling,
  author = {Dinkel, Heinrich and Yan, Zhiyong and Wang, Yongqing and Zhang, Junbo and
            Wang, Yujun and Wang, Bin},
  title = {Scaling up masked audio encoder learning for general audio classification},
  booktitle = {Interspeech},
  year = {2024},
}""",
    "encodecmae": """@article{pepino2023encodecmae,
  author = {Pepino, Leonardo and Riera, Pablo and Ferrer, Luciana},
  title = {{EnCodecMAE}: Leveraging neural codecs for universal audio representation learning},
  journal = {arXiv:2309.07391},
  year = {2023},
}""",
    "vggish": """@inproceedings{hershey2017cnn,
  author = {Hershey, Shawn and Chaudhuri, Sourish and Ellis, Daniel P. W. and
            Gemmeke, Jort F. and Jansen, Aren and Moore, R. Channing and others},
  title = {{CNN} architectures for large-scale audio classification},
  booktitle = {IEEE International Conference on Acoustics, Speech and Signal Processing},
  year = {2017},
}""",
}
"""By family."""
