"""Synthetic till receipts: which kind of shop wrote this basket?"""
import torch

SHOPS = ("kiosk", "organic", "discount", "bakery", "petrol")
PAD, CLS, SEP = 0, 1, 2
SPECIAL = 3


class Catalogue:
    """Article codes in use, and how much each kind of shop sells of them."""

    def __init__(self, cfg, generator):
        self.codes = torch.randperm(cfg["code_range"], generator=generator)[: cfg["articles"]]
        home = torch.randint(0, len(SHOPS), (cfg["articles"],), generator=generator)
        self.weights = torch.full((len(SHOPS), cfg["articles"]), 0.5)
        for shop in range(len(SHOPS)):
            self.weights[shop, home == shop] = 4.0

    def draw(self, n, length, generator):
        shop = torch.randint(0, len(SHOPS), (n,), generator=generator)
        picks = torch.multinomial(self.weights[shop], length, generator=generator)
        lengths = torch.randint(length // 2, length + 1, (n, 1), generator=generator)
        codes = self.codes[picks]
        codes[torch.arange(length)[None] >= lengths] = -1
        return codes, shop


def encode(codes, rows):
    """[CLS] articles [SEP] as table rows; codes of -1 are padding."""
    body = torch.where(codes >= 0, SPECIAL + codes % rows, PAD)
    n = len(codes)
    ends = torch.full((n, 1), SEP)
    return torch.cat([torch.full((n, 1), CLS), body, ends], dim=1)
