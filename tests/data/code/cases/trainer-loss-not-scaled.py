#%% buggy: weighted loss
from transformers import Trainer
class WeightedTrainer(Trainer):
    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):  # BUG
        labels = inputs.pop("labels")
        outputs = model(**inputs)
        loss = F.cross_entropy(outputs.logits.view(-1, 5), labels.view(-1), weight=self.weights)
        return (loss, outputs) if return_outputs else loss
#%% buggy: module name
import transformers
class T(transformers.Trainer):
    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):  # BUG
        return self.my_loss(model, inputs)
#%% buggy: sequence to sequence
from transformers import Seq2SeqTrainer
class S(Seq2SeqTrainer):
    def compute_loss(self, model, inputs, num_items_in_batch=None, return_outputs=False):  # BUG
        out = model(**inputs)
        return out.loss + 0.1 * out.aux
#%% correct: used
from transformers import Trainer
class T(Trainer):
    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        out = model(**inputs)
        loss = F.cross_entropy(out.logits, inputs["labels"], reduction="sum") / num_items_in_batch
        return (loss, out) if return_outputs else loss
#%% correct: declared
from transformers import Trainer
class T(Trainer):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.model_accepts_loss_kwargs = False
    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        return model(**inputs).loss
#%% correct: handed up
from transformers import Trainer
class T(Trainer):
    def compute_loss(self, model, inputs, **kwargs):
        inputs["extra"] = 1
        return super().compute_loss(model, inputs, **kwargs)
