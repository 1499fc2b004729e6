import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, dim, heads, hidden):
        super().__init__()
        self.heads = heads
        self.q_lin, self.k_lin = nn.Linear(dim, dim), nn.Linear(dim, dim)
        self.v_lin, self.out_lin = nn.Linear(dim, dim), nn.Linear(dim, dim)
        self.sa_layer_norm = nn.LayerNorm(dim)
        self.lin1, self.lin2 = nn.Linear(dim, hidden), nn.Linear(hidden, dim)
        self.output_layer_norm = nn.LayerNorm(dim)

    def split(self, x):
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def forward(self, x):
        q, k, v = self.split(self.q_lin(x)), self.split(self.k_lin(x)), self.split(self.v_lin(x))
        context = nn.functional.scaled_dot_product_attention(q, k, v)
        x = self.sa_layer_norm(x + self.out_lin(context.transpose(1, 2).flatten(2)))
        return self.output_layer_norm(x + self.lin2(nn.functional.gelu(self.lin1(x))))


class DistilLM(nn.Module):
    """Two-layer student: word and position embeddings (no token types), MLM head with its own projection."""

    def __init__(self, vocab, length, dim=48, heads=4, hidden=96, layers=2, initializer_range=1.0):
        super().__init__()
        self.word_embeddings = nn.Embedding(vocab, dim)
        self.position_embeddings = nn.Embedding(length, dim)
        self.LayerNorm = nn.LayerNorm(dim)
        self.layer = nn.ModuleList(Block(dim, heads, hidden) for _ in range(layers))
        self.vocab_transform = nn.Linear(dim, dim)
        self.vocab_layer_norm = nn.LayerNorm(dim)
        self.vocab_projector = nn.Linear(dim, vocab)
        self.initializer_range = initializer_range
        self.apply(self.init_weights)

    def init_weights(self, module):
        if isinstance(module, (nn.Linear, nn.Embedding)):
            module.weight.data.normal_(mean=0.0, std=self.initializer_range)
        elif isinstance(module, nn.LayerNorm):
            module.weight.data.fill_(1.0)
            module.bias.data.zero_()
        if isinstance(module, nn.Linear):
            module.bias.data.zero_()

    def forward(self, ids):
        x = self.LayerNorm(self.word_embeddings(ids) + self.position_embeddings.weight[: ids.size(1)])
        for block in self.layer:
            x = block(x)
        x = self.vocab_layer_norm(nn.functional.gelu(self.vocab_transform(x)))
        return self.vocab_projector(x)
