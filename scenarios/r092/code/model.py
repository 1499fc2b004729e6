import torch
from torch import nn

from recordings import BINS, BOS, FRAMES, OFFSET, PAD, PER_PHRASE, SYLLABLES

STRIDE = 20


class Transcriber(nn.Module):
    """Convolutional front end, transformer encoder over its frames, transformer decoder over syllables."""

    def __init__(self, width=48, heads=4, layers=1, dropout=0.0):
        super().__init__()
        slots = PER_PHRASE * FRAMES // STRIDE
        vocabulary = len(SYLLABLES) + OFFSET
        self.front = nn.Conv1d(BINS, width, STRIDE, stride=STRIDE)
        self.sound_place = nn.Parameter(0.5 * torch.randn(slots, width))
        self.text_place = nn.Parameter(0.5 * torch.randn(PER_PHRASE + 1, width))
        self.tokens = nn.Embedding(vocabulary, width, padding_idx=PAD)
        options = dict(dim_feedforward=2 * width, dropout=dropout, batch_first=True)
        self.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(width, heads, **options), layers)
        self.decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(width, heads, **options), layers)
        self.head = nn.Linear(width, vocabulary)

    def encode(self, sounds):
        frames = torch.relu(self.front(sounds.transpose(1, 2))).transpose(1, 2)
        return self.encoder(frames + self.sound_place)

    def decode(self, memory, tokens):
        length = tokens.shape[1]
        mask = nn.Transformer.generate_square_subsequent_mask(length)
        states = self.decoder(self.tokens(tokens) + self.text_place[:length], memory, tgt_mask=mask, tgt_is_causal=True)
        return self.head(states)

    def forward(self, sounds, tokens):
        return self.decode(self.encode(sounds), tokens)

    @torch.no_grad()
    def transcribe(self, sounds):
        memory = self.encode(sounds)
        tokens = torch.full((len(sounds), 1), BOS)
        for _ in range(PER_PHRASE):
            tokens = torch.cat([tokens, self.decode(memory, tokens)[:, -1:].argmax(-1)], dim=1)
        return tokens[:, 1:]
