#%% buggy: reduction in the logging of the first rank
import torch.distributed as dist
def log(loss, rank):
    if rank == 0:
        dist.all_reduce(loss)  # BUG
        print(loss.item())
#%% buggy: barrier after saving
import torch.distributed as dist
def save(model, step):
    if dist.get_rank() == 0:
        torch.save(model.state_dict(), f"{step}.pt")
        dist.barrier()  # BUG
#%% buggy: the others have returned
import torch.distributed as dist
def evaluate(model, rank, scores):
    if rank != 0:
        return None
    dist.all_gather(scores, scores[0])  # BUG
    return scores
#%% correct: every rank reduces, one prints
import torch.distributed as dist
def log(loss, rank):
    dist.all_reduce(loss)
    if rank == 0:
        print(loss.item())
#%% correct: the first rank downloads while the others wait
import torch.distributed as dist
def prepare(local_rank):
    if local_rank != 0:
        dist.barrier()
    print("download")
    if local_rank == 0:
        dist.barrier()
#%% correct: only in a distributed run
import torch.distributed as dist
def log(loss, local_rank):
    if local_rank != -1:
        dist.all_reduce(loss)
    print(loss.item())
#%% correct: one call in each arm
import torch.distributed as dist
def share(rank, found):
    if rank == 0:
        dist.broadcast_object_list([found], src=0)
    else:
        dist.broadcast_object_list([None], src=0)
