#%% buggy: a figure per epoch
import matplotlib.pyplot as plt
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(100):
    for x, y in loader:
        loss = F.cross_entropy(model(x), y)
        o.zero_grad()
        loss.backward()
        o.step()
    figure = plt.figure()
    plt.hist(model.head.weight.detach().flatten())
    figure.savefig(f"{epoch}.png")  # BUG
#%% correct: closed
import matplotlib.pyplot as plt
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(100):
    for x, y in loader:
        loss = F.cross_entropy(model(x), y)
        o.zero_grad()
        loss.backward()
        o.step()
    figure = plt.figure()
    plt.hist(model.head.weight.detach().flatten())
    figure.savefig(f"{epoch}.png")
    plt.close(figure)
#%% buggy: plots per epoch
#% file: vis_callback.py
import matplotlib.pyplot as plt
import torch

class GANLogger:
    def __init__(self, G, D, loader, g_opt, d_opt, out):
        self.G, self.D, self.loader, self.g_opt, self.d_opt, self.out = G, D, loader, g_opt, d_opt, out

    def save_samples(self, epoch, z):
        fig, axes = plt.subplots(4, 4)
        with torch.no_grad():
            imgs = self.G(z).cpu()
        for ax, img in zip(axes.flat, imgs):
            ax.imshow(img.permute(1, 2, 0))
        fig.savefig('%s/%d.png' % (self.out, epoch))  # BUG

    def train(self, epochs):
        z = torch.randn(16, 100).cuda()
        for epoch in range(epochs):
            for real in self.loader:
                d_loss = self.D(self.G(z).detach()).mean() - self.D(real.cuda()).mean()
                self.d_opt.zero_grad()
                d_loss.backward()
                self.d_opt.step()
                g_loss = -self.D(self.G(z)).mean()
                self.g_opt.zero_grad()
                g_loss.backward()
                self.g_opt.step()
            self.save_samples(epoch, z)
#%% correct: plots per epoch
#% file: vis_callback.py
import matplotlib.pyplot as plt
import torch

class GANLogger:
    def __init__(self, G, D, loader, g_opt, d_opt, out):
        self.G, self.D, self.loader, self.g_opt, self.d_opt, self.out = G, D, loader, g_opt, d_opt, out

    def save_samples(self, epoch, z):
        fig, axes = plt.subplots(4, 4)
        with torch.no_grad():
            imgs = self.G(z).cpu()
        for ax, img in zip(axes.flat, imgs):
            ax.imshow(img.permute(1, 2, 0))
        fig.savefig('%s/%d.png' % (self.out, epoch))
        plt.close(fig)

    def train(self, epochs):
        z = torch.randn(16, 100).cuda()
        for epoch in range(epochs):
            for real in self.loader:
                d_loss = self.D(self.G(z).detach()).mean() - self.D(real.cuda()).mean()
                self.d_opt.zero_grad()
                d_loss.backward()
                self.d_opt.step()
                g_loss = -self.D(self.G(z)).mean()
                self.g_opt.zero_grad()
                g_loss.backward()
                self.g_opt.step()
            self.save_samples(epoch, z)
