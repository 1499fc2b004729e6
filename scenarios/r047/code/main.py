import json
import sys

import torch

from bert import Bert
from make_tickets import write
from trainer import TicketTrainer

config = json.load(open(sys.argv[1]))
torch.manual_seed(config["seed"])
write("data", config["seed"])
TicketTrainer(config, Bert).run()
