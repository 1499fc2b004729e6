#%% buggy: literal bounds
rows = torch.randn(1000, 20)
train = rows[:900]
val = rows[800:]  # BUG
#%% buggy: both from the start
n_train, n_val = 800, 200
table = torch.randn(1000, 20)
x_train, x_test = table[:n_train], table[:n_val]  # BUG
#%% buggy: from the end
table = list(range(5000))
train_ids = table[:-100]
test_ids = table[-500:]  # BUG
#%% correct: complementary
rows = torch.randn(1000, 20)
n = int(0.8 * len(rows))
train, val = rows[:n], rows[n:]
#%% correct: from the end
table = list(range(5000))
train_ids, test_ids = table[:-500], table[-500:]
#%% correct: three parts
rows = torch.randn(1000, 20)
train, val, test = rows[:700], rows[700:850], rows[850:]
