"""faster-whisper: the voice activity detector (silero_vad_*.onnx) lies in its assets folder."""

from PyInstaller.utils.hooks import collect_data_files

datas = collect_data_files("faster_whisper", subdir="assets")
