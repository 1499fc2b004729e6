"""Image data sets of torchvision: the shape of an image behind the transforms, as far as the code says it."""

from misrun.tools.code.names import names
from misrun.tools.code.values import Value, number

# Channels, height, width and classes (https://docs.pytorch.org/vision/stable/datasets.html).
IMAGES: dict[str, tuple[int, int, int, int]] = {
    "MNIST": (1, 28, 28, 10), "FashionMNIST": (1, 28, 28, 10), "KMNIST": (1, 28, 28, 10), "USPS": (1, 16, 16, 10),
    "CIFAR10": (3, 32, 32, 10), "CIFAR100": (3, 32, 32, 100), "SVHN": (3, 32, 32, 10), "STL10": (3, 96, 96, 10),
}  # fmt: skip
# Transforms that leave an image's height, width and channels as they are.
SAME_FORM = names(
    "ToTensor ToImage PILToTensor Normalize ConvertImageDtype ToDtype ColorJitter GaussianBlur AutoAugment AugMix"
    " TrivialAugmentWide RandAugment RandomHorizontalFlip RandomVerticalFlip RandomErasing RandomAffine RandomRotation"
    " RandomInvert RandomSolarize RandomPosterize RandomAdjustSharpness RandomPerspective RandomAutocontrast"
)
RESIZING = names("Resize CenterCrop RandomCrop RandomResizedCrop")


def image_shape(dataset: Value) -> tuple[float, float, float] | None:
    """Channels, height and width of the tensor that a data set of torchvision gives; None when not known."""
    transform = dataset.kwargs.get("transform")
    known = dataset.path.startswith("torchvision.datasets") and dataset.class_name in IMAGES
    if not known or transform is None or dataset.op == "join":
        return None
    channels, height, width, _ = IMAGES[dataset.class_name]
    shape: tuple[float, float, float] = (channels, height, width)
    for step in composed(transform):
        size = resized_to(step) if step.class_name in RESIZING else None
        if size is None and step.class_name not in SAME_FORM:
            return None
        shape = (shape[0], *size) if size is not None else shape
    return shape


def composed(value: Value) -> list[Value]:
    """The transforms inside a Compose or Sequential, flat."""
    parts = value.args[0].items if value.class_name == "Compose" and value.args else None
    if parts is None:
        return list(value.args) if value.class_name == "Sequential" else [value]
    return [inner for part in parts for inner in composed(part)]


def resized_to(transform: Value) -> tuple[float, float] | None:
    """Height and width after a resize or crop; Resize with one number keeps the ratio of the sides: None."""
    given = transform.argument(0, "size")
    if given is None:
        return None
    pair = [number(i) for i in given.items] if given.items is not None else [number(given)] * 2
    if len(pair) != 2 or pair[0] is None or pair[1] is None:
        return None
    return None if given.items is None and transform.class_name == "Resize" else (pair[0], pair[1])
