#%% buggy: outputs of training_step
import lightning as L
class Model(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = nn.Linear(20, 5)
        self.outputs = []
    def training_step(self, batch, index):
        x, y = batch
        out = self.net(x)
        loss = F.cross_entropy(out, y)
        self.outputs.append({"loss": loss, "out": out})  # BUG
        return loss
    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=1e-3)
#%% correct: cleared at the end of the epoch
import lightning as L
class Model(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = nn.Linear(20, 5)
        self.outputs = []
    def training_step(self, batch, index):
        x, y = batch
        out = self.net(x)
        loss = F.cross_entropy(out, y)
        self.outputs.append(loss.detach())
        return loss
    def on_train_epoch_end(self):
        print(torch.stack(self.outputs).mean())
        self.outputs.clear()
    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=1e-3)
