"""A small DistilBERT: no token types, no pooler, classification from the first position."""
import torch
import torch.nn.functional as F
from torch import nn


class SelfAttention(nn.Module):
    def __init__(self, dim, n_heads):
        super().__init__()
        self.n_heads = n_heads
        self.q_lin = nn.Linear(dim, dim)
        self.k_lin = nn.Linear(dim, dim)
        self.v_lin = nn.Linear(dim, dim)
        self.out_lin = nn.Linear(dim, dim)

    def forward(self, x, keep):
        split = lambda y: y.unflatten(-1, (self.n_heads, -1)).transpose(1, 2)
        q, k, v = split(self.q_lin(x)), split(self.k_lin(x)), split(self.v_lin(x))
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=keep[:, None, None, :])
        return self.out_lin(y.transpose(1, 2).flatten(2))


class Block(nn.Module):
    def __init__(self, dim, n_heads, hidden_dim, dropout):
        super().__init__()
        self.attention = SelfAttention(dim, n_heads)
        self.sa_layer_norm = nn.LayerNorm(dim, eps=1e-12)
        self.lin1, self.lin2 = nn.Linear(dim, hidden_dim), nn.Linear(hidden_dim, dim)
        self.output_layer_norm = nn.LayerNorm(dim, eps=1e-12)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, keep):
        x = self.sa_layer_norm(x + self.dropout(self.attention(x, keep)))
        return self.output_layer_norm(x + self.dropout(self.lin2(F.gelu(self.lin1(x)))))


class DistilEncoder(nn.Module):
    def __init__(self, cfg, n_classes):
        super().__init__()
        self.word_embeddings = nn.Embedding(cfg.vocab_size, cfg.dim, padding_idx=0)
        self.position_embeddings = nn.Embedding(cfg.max_length, cfg.dim)
        self.norm = nn.LayerNorm(cfg.dim, eps=1e-12)
        self.dropout = nn.Dropout(cfg.dropout)
        self.layers = nn.ModuleList(Block(cfg.dim, cfg.n_heads, 2 * cfg.dim, cfg.dropout) for _ in range(cfg.n_layers))
        self.pre_classifier = nn.Linear(cfg.dim, cfg.dim)
        self.classifier = nn.Linear(cfg.dim, n_classes)

    def forward(self, ids):
        places = torch.arange(ids.shape[1]).expand_as(ids)
        x = self.dropout(self.norm(self.word_embeddings(ids) + self.position_embeddings(places)))
        keep = ids.ne(0)
        for layer in self.layers:
            x = layer(x, keep)
        return self.classifier(self.dropout(F.relu(self.pre_classifier(x[:, 0]))))
