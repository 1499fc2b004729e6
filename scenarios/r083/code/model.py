import torch
from torch import nn


class FlowTransformer(nn.Module):
    """Causal transformer over hourly tokens; at every hour it gives the discharge one hour later."""

    def __init__(self, hours, d_model=32, heads=4, layers=2):
        super().__init__()
        self.project = nn.Linear(3, d_model)
        self.position = nn.Parameter(torch.zeros(hours, d_model))
        block = nn.TransformerEncoderLayer(d_model, heads, 2 * d_model, dropout=0.0, activation="gelu", batch_first=True,
                                           norm_first=True)
        self.blocks = nn.TransformerEncoder(block, layers, norm=nn.LayerNorm(d_model), enable_nested_tensor=False)
        self.out = nn.Linear(d_model, 1)
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(hours))

    def forward(self, rain, flow):
        # rain of the next hour comes from the nowcast, which is good enough to be taken as known
        ahead = torch.roll(rain, -1, dims=1)
        x = self.project(torch.stack([rain, ahead, flow], dim=2)[:, :-1])
        n = x.shape[1]
        h = self.blocks(x + self.position[:n], mask=self.mask[:n, :n], is_causal=True)
        return flow[:, :-1] + self.out(h).squeeze(2)
