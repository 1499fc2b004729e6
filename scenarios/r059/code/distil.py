import torch
import torch.nn as nn
import torch.nn.functional as F

from shiplog import ENTRIES, FIRST_FORM, FORMS, PAD


class TransformerBlock(nn.Module):
    def __init__(self, dim, heads, hidden, dropout):
        super().__init__()
        self.n_heads = heads
        self.qkv_lin, self.out_lin = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.sa_layer_norm, self.output_layer_norm = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.lin1, self.lin2 = nn.Linear(dim, hidden), nn.Linear(hidden, dim)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, keep):
        q, k, v = self.qkv_lin(x).unflatten(-1, (3, self.n_heads, -1)).permute(2, 0, 3, 1, 4)
        context = F.scaled_dot_product_attention(q, k, v, attn_mask=keep[:, None, None])
        x = self.sa_layer_norm(x + self.out_lin(context.transpose(1, 2).flatten(2)))
        return self.output_layer_norm(x + self.dropout(self.lin2(F.gelu(self.lin1(x)))))


class DistilTagger(nn.Module):
    """Two layers, learned positions, no segment embeddings; one dictionary entry per word."""

    def __init__(self, dim, heads, layers, hidden, dropout):
        super().__init__()
        self.word_embeddings = nn.Embedding(FIRST_FORM + FORMS, dim, padding_idx=PAD)
        self.position_embeddings = nn.Embedding(64, dim)
        self.LayerNorm = nn.LayerNorm(dim)
        self.layer = nn.ModuleList(TransformerBlock(dim, heads, hidden, dropout) for _ in range(layers))
        self.classifier = nn.Linear(dim, ENTRIES)
        nn.init.normal_(self.position_embeddings.weight, std=0.02)

    def forward(self, words):
        x = self.LayerNorm(self.word_embeddings(words) + self.position_embeddings.weight[: words.shape[1]])
        for block in self.layer:
            x = block(x, words != PAD)
        return self.classifier(x)
