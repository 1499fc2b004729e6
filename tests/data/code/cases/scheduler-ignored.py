#%% buggy: wrapper
import deepspeed
def distribute(args, model, optimizer, training_data, lr_scheduler=None):
    return deepspeed.initialize(args=args, model=model, optimizer=optimizer, training_data=training_data)  # BUG
#%% buggy: method
class Backend:
    def wrap(self, model=None, optimizer=None, scheduler=None, **kwargs):
        return self.lib.wrap(model=model, optimizer=optimizer, **kwargs)  # BUG
#%% buggy: builder
def make_trainer(model, optimizer, scheduler, loss_fn):
    trainer = Engine(model=model, optimizer=optimizer, loss_fn=loss_fn)  # BUG
    return trainer
#%% correct: handed on
import deepspeed
def distribute(args, model, optimizer, lr_scheduler=None):
    return deepspeed.initialize(args=args, model=model, optimizer=optimizer, lr_scheduler=lr_scheduler)
#%% correct: abstract
class Base:
    def wrap(self, model, optimizer, scheduler):
        raise NotImplementedError
#%% correct: a step that needs none
def train_step(model, optimizer, x, y, scheduler=None):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
#%% buggy: given back untouched otherwise
import deepspeed
def distribute(args, model=None, optimizer=None, lr_scheduler=None, **kwargs):
    if not args.deepspeed:
        return model, optimizer, lr_scheduler
    return deepspeed.initialize(args=args, model=model, optimizer=optimizer, **kwargs)  # BUG
