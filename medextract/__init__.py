"""The fixed tiny fine-tune: does a small model still learn to extract, or does it recite? Knows nothing of mbisect."""
