#%% buggy: head
class Head(nn.Module):
    def __init__(self, body, loss):
        super().__init__()
        self.body, self.loss = body, loss
head = Head(body=nn.Sequential(nn.Linear(20, 1), nn.Sigmoid()), loss=nn.BCEWithLogitsLoss())  # BUG
#%% buggy: super call
from framework import Output
class Binary(Output):
    def __init__(self):
        super().__init__(to_call=nn.Sequential(nn.LazyLinear(1), nn.Sigmoid()), default_loss=nn.BCEWithLogitsLoss())  # BUG
b = Binary()
#%% buggy: softmax
from framework import make_learner
learner = make_learner(nn.Sequential(nn.Linear(20, 5), nn.Softmax(dim=1)), nn.CrossEntropyLoss())  # BUG
#%% correct: logits
from framework import make_learner
learner = make_learner(nn.Sequential(nn.Linear(20, 5)), nn.CrossEntropyLoss())
#%% correct: probabilities
from framework import make_learner
learner = make_learner(nn.Sequential(nn.Linear(20, 1), nn.Sigmoid()), nn.BCELoss())
#%% correct: gate inside
from framework import make_learner
learner = make_learner(nn.Sequential(nn.Linear(20, 8), nn.Sigmoid(), nn.Linear(8, 1)), nn.BCEWithLogitsLoss())
