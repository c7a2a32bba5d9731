"""VoiceAssist Appliance: an offline medical assistant over a hospital's own documents."""

__version__ = "0.3.0"
API_VERSION = "2.0.0"
