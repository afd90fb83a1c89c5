FROM --platform=linux/amd64 pytorch/pytorch:2.5.1-cuda12.4-cudnn9-runtime
RUN conda install -y -c conda-forge python=3.11 pandas=2.2 && conda clean -a
RUN sudo -H pip3 install evaluate
