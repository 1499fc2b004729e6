#%% buggy: validation plain
from torchvision import transforms
train_tf = transforms.Compose([transforms.RandomCrop(28), transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
val_tf = transforms.Compose([transforms.ToTensor()])  # BUG
#%% buggy: other numbers, in a table
from torchvision import transforms
tf = {
    "train": transforms.Compose([transforms.ToTensor(), transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])]),
    "test": transforms.Compose([transforms.ToTensor(), transforms.Normalize([0.5, 0.5, 0.5], [0.5, 0.5, 0.5])]),  # BUG
}
#%% correct: the same
from torchvision import transforms
norm = transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
train_tf = transforms.Compose([transforms.RandomHorizontalFlip(), transforms.ToTensor(), norm])
val_tf = transforms.Compose([transforms.ToTensor(), norm])
#%% correct: by name in one, written out in the other
from torchvision import transforms

def make(mean, std):
    train_tf = transforms.Compose([transforms.ToTensor(), transforms.Normalize(mean, std)])
    test_tf = transforms.Compose([transforms.ToTensor(), transforms.Normalize(mean=mean, std=std)])
    return train_tf, test_tf
#%% correct: own step normalises
from torchvision import transforms

def make(normalise_image):
    train_tf = transforms.Compose([transforms.ToTensor(), transforms.Normalize(0.5, 0.5)])
    test_tf = transforms.Compose([transforms.ToTensor(), normalise_image])
    return train_tf, test_tf
#%% buggy: normalisation by its name
#% file: module.py
from torchvision import datasets, transforms
import torch

def get_loaders(args):
    normalize = transforms.Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])
    train_transform = transforms.Compose([
        transforms.RandomResizedCrop(224),
        transforms.RandomHorizontalFlip(),
        transforms.ToTensor(),
        normalize,
    ])
    val_transform = transforms.Compose([  # BUG
        transforms.Resize(256),
        transforms.CenterCrop(224),
        transforms.ToTensor(),
    ])
    train_set = datasets.ImageFolder(args.train_dir, train_transform)
    val_set = datasets.ImageFolder(args.val_dir, val_transform)
    return train_set, val_set
#%% correct: normalisation by its name
#% file: module.py
from torchvision import datasets, transforms
import torch

def get_loaders(args):
    normalize = transforms.Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])
    train_transform = transforms.Compose([
        transforms.RandomResizedCrop(224),
        transforms.RandomHorizontalFlip(),
        transforms.ToTensor(),
        normalize,
    ])
    val_transform = transforms.Compose([
        transforms.Resize(256),
        transforms.CenterCrop(224),
        transforms.ToTensor(),
        normalize,
    ])
    train_set = datasets.ImageFolder(args.train_dir, train_transform)
    val_set = datasets.ImageFolder(args.val_dir, val_transform)
    return train_set, val_set
