"""Text as sentences and as words that matter. Pure: any room may import it."""

from appliance.sentences.blocks import Kind
from appliance.sentences.segmentation import Segment, Span, fold, segments, split_sentences

__all__ = ["Kind", "Segment", "Span", "fold", "segments", "split_sentences"]
