"""CTranslate2: the inference library alone.

`converters` and `specs` turn models of other frameworks into its own format, and import those
frameworks (torch, transformers, tensorflow) where they are found.
"""

excludedimports = ["torch", "transformers", "tensorflow", "fairseq", "onmt"]
