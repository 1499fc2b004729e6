#%% buggy: item
class Rows(torch.utils.data.Dataset):
    def __getitem__(self, i):
        x = self.x[i]
        if self.train:
            x = (x - self.mean) / self.std  # BUG
        return x, self.y[i]
#%% buggy: mode
class Rows(torch.utils.data.Dataset):
    def __getitem__(self, i):
        img = self.x[i].float()
        if self.mode == "train":
            img = img / 255.0  # BUG
        return img, self.y[i]
#%% correct: noise only
class Rows(torch.utils.data.Dataset):
    def __getitem__(self, i):
        x = (self.x[i] - self.mean) / self.std
        if self.train:
            x = x + 0.1 * torch.randn_like(x)
        return x, self.y[i]
#%% correct: both ways
class Rows(torch.utils.data.Dataset):
    def __getitem__(self, i):
        x = self.x[i]
        if self.train:
            x = (x - self.mean) / self.std
        else:
            x = (x - self.val_mean) / self.val_std
        return x, self.y[i]
