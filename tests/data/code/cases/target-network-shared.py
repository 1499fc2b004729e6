#%% buggy: attribute
class Agent:
    def __init__(self):
        self.q = nn.Linear(4, 2)
        self.target_q = self.q  # BUG
        self.opt = torch.optim.Adam(self.q.parameters(), lr=1e-3)

    def sync(self):
        self.target_q.load_state_dict(self.q.state_dict())
#%% buggy: variable
policy = nn.Linear(4, 2)
target_net = policy  # BUG
target_net.eval()
#%% correct: copied
import copy

class Agent:
    def __init__(self):
        self.q = nn.Linear(4, 2)
        self.target_q = copy.deepcopy(self.q)
        self.opt = torch.optim.Adam(self.q.parameters(), lr=1e-3)

    def sync(self):
        self.target_q.load_state_dict(self.q.state_dict())
#%% correct: a target of another kind
def loss_of(net, batch):
    labels = batch["y"]
    target = labels
    return F.cross_entropy(net(batch["x"]), target)
