import torch


class Adam:
    """Adam (Kingma & Ba, algorithm 1), kept here so that the moments can be inspected from a notebook."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        self.params = [p for p in params if p.requires_grad]
        self.lr, self.betas, self.eps, self.t = lr, betas, eps, 0
        self.m = [torch.zeros_like(p.data) for p in self.params]
        self.v = [torch.zeros_like(p.data) for p in self.params]

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    def clip(self, limit):
        norm = sum(float(p.grad.data.pow(2).sum()) for p in self.params) ** 0.5
        for p in self.params:
            p.grad.data.mul_(min(1.0, limit / (norm + 1e-6)))
        return norm

    def step(self):
        self.t += 1
        b1, b2 = self.betas
        for p, m, v in zip(self.params, self.m, self.v):
            g = p.grad.data
            m.mul_(b1).add_(g, alpha=1 - b1)
            v.mul_(b2).addcmul_(g, g, value=1 - b2)
            rate = self.lr * (1 - b2 ** self.t) ** 0.5 / (1 - b1 ** self.t)
            p.data.addcdiv_(m, v.sqrt().add_(self.eps), value=-rate)
