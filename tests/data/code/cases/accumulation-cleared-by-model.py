#%% buggy: plain loop
from accelerate import Accelerator

accelerator = Accelerator(gradient_accumulation_steps=4)
net = Net()
opt = torch.optim.AdamW(net.parameters(), lr=1e-3)
net, opt, batches = accelerator.prepare(net, opt, loader)
for x, y in batches:
    with accelerator.accumulate(net):
        accelerator.backward(F.cross_entropy(net(x), y))
        opt.step()
        net.zero_grad()  # BUG
#%% buggy: attributes
class Trainer:
    def __init__(self, args, model, optimizer, accelerator):
        self.args, self.policy, self.optimizer, self.accelerator = args, model, optimizer, accelerator

    def run(self, batches):
        for batch in batches:
            with self.accelerator.accumulate(self.policy):
                loss = self.policy(batch).mean()
                self.accelerator.backward(loss)
                self.optimizer.step()
                self.policy.zero_grad(set_to_none=True)  # BUG
#%% correct: optimizer
from accelerate import Accelerator

accelerator = Accelerator(gradient_accumulation_steps=4)
net = Net()
opt = torch.optim.AdamW(net.parameters(), lr=1e-3)
net, opt, batches = accelerator.prepare(net, opt, loader)
for x, y in batches:
    with accelerator.accumulate(net):
        accelerator.backward(F.cross_entropy(net(x), y))
        opt.step()
        opt.zero_grad()
