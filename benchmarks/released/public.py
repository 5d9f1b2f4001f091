"""
The public side of the comparison: the network and the sampling script of a checkout of sony/mf-rae, executed as they are on the CPU. What
they import and this comparison does not need, or what is not installed, is replaced by the smallest thing with the same behaviour.
"""
import contextlib
import importlib.util
import pathlib
import sys
import types
from unittest import mock

import torch


def missing(name):
    return name not in sys.modules and importlib.util.find_spec(name) is None


def module(name, **members):
    made = types.ModuleType(name)
    made.__dict__.update(members)
    sys.modules[name] = made
    return made


class PatchEmbed(torch.nn.Module):
    """Patches by a convolution, as tokens: timm's with its defaults."""

    def __init__(self, img_size, patch_size, in_chans, embed_dim, bias=True):
        super().__init__()
        self.patch_size = (patch_size, patch_size)
        self.num_patches = (img_size // patch_size) ** 2
        self.proj = torch.nn.Conv2d(in_chans, embed_dim, patch_size, stride=patch_size, bias=bias)

    def forward(self, x):
        return self.proj(x).flatten(2).transpose(1, 2)


def rearrange(x, pattern, r=2):
    return x.unflatten(-1, (x.shape[-1] // r, r)) if pattern == "... (d r) -> ... d r" else x.flatten(-2)


def repeat(x, pattern, r):
    return x.repeat_interleave(r, dim=-1)


def attention(q, k, v, dropout_p=0.0):
    return (q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5).softmax(-1) @ v


def prepare(checkout):
    """Makes the checkout importable, and names what was replaced."""
    sys.path.insert(0, str(pathlib.Path(checkout) / "src"))
    replaced = []
    for name, members in (
        ("regex", {"B": None}), ("transformers", {"SwinModel": None}), ("einops", {"rearrange": rearrange, "repeat": repeat}),
        ("torchdiffeq", {"odeint": None}), ("omegaconf", {"OmegaConf": None}), ("tqdm", {"tqdm": lambda items, **_: items}),
    ):
        if missing(name):
            module(name, **members)
            replaced.append(name)
    if missing("timm"):
        module("timm")
        module("timm.models")
        module("timm.models.vision_transformer", PatchEmbed=PatchEmbed, Mlp=None, Attention=None)
        replaced.append("timm")
    if missing("PIL"):
        module("PIL", Image=None)
        replaced.append("PIL")
    if not hasattr(torch.nn.functional, "scaled_dot_product_attention"):
        torch.nn.functional.scaled_dot_product_attention = attention
        replaced.append("scaled_dot_product_attention")
    # The decoder, its files and the configuration files play no part: latents are compared.
    module("stage1", RAE=object)
    module("utils.train_utils", parse_configs=None)
    module("utils.model_utils", instantiate_from_config=None)
    package = module("utils")
    package.__path__ = []
    return replaced


def network(sizes, seed):
    """A network of the public code in which every weight is random, the zero-initialised layers too."""
    from stage2.models.DDT import DiTwDDTHead_MF
    generator = torch.Generator().manual_seed(seed)
    made = DiTwDDTHead_MF(**sizes).eval()
    with torch.no_grad():
        for name, weight in made.named_parameters():
            if weight.requires_grad and not name.endswith(".W"):
                offset = 1.0 if name.endswith("norm1.weight") or name.endswith("norm2.weight") or name.endswith("norm_final.weight") else 0.0
                fan = weight[0].numel() if weight.dim() > 1 else weight.numel()
                weight.copy_(offset + torch.randn(weight.shape, generator=generator) * (0.7 / max(1, fan) ** 0.5))
    return made


class Recorder(torch.nn.Module):
    """In place of the decoder: keeps the latents that the script wants to decode."""

    def __init__(self):
        super().__init__()
        self.latents = []

    def decode(self, latents):
        self.latents.append(latents.clone())
        return torch.zeros(latents.shape[0], 3, 8, 8)


class Watched(torch.nn.Module):
    """The network, with the labels and the noise that the script gives it first in each batch."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner
        self.noise, self.labels = [], []

    def forward(self, z, r, t, y):
        if float(t[0]) == 1:
            self.noise.append(z.clone())
            self.labels.append(y.clone())
        return self.inner(z, r, t, y=y)


def sample(generator, latent_size, classes, samples, batch, steps, seed, folder):
    """Runs main() of sample_ddp_mf.py. Returns noise, labels and latents."""
    import sample_ddp_mf as script
    decoder, watched = Recorder(), Watched(generator)
    configuration = (
        {"is": "decoder"}, {"target": "stage2.models.DDT.DiTwDDTHead_MF"}, {"params": {}}, None, None,
        {"latent_size": latent_size, "num_classes": classes, "time_dist_shift_dim": max(4096, latent_size[0] * latent_size[1] * latent_size[2])}, None)
    arguments = types.SimpleNamespace(
        config="", sample_dir=str(folder), per_proc_batch_size=batch, num_fid_samples=samples, global_seed=seed, mf_step=steps,
        precision="fp32", tf32=False, label_sampling="equal")
    device = torch.device("cpu")
    nothing = lambda *_, **__: None
    patches = [
        mock.patch.object(script, "parse_configs", lambda _: configuration),
        mock.patch.object(script, "instantiate_from_config", lambda config: decoder if "is" in config else watched),
        mock.patch.object(script, "autocast", lambda **_: contextlib.nullcontext()),
        mock.patch.object(script, "create_npz_from_sample_folder", nothing),
        mock.patch.object(script, "Image", types.SimpleNamespace(fromarray=lambda _: types.SimpleNamespace(save=nothing))),
        mock.patch.object(script.torch, "device", lambda *_: device),
        mock.patch.multiple(script.torch.cuda, is_available=lambda: True, device_count=lambda: 1, set_device=nothing, manual_seed=nothing),
        mock.patch.multiple(
            script.dist, create=True, init_process_group=nothing, get_rank=lambda: 0, get_world_size=lambda: 1, barrier=nothing,
            destroy_process_group=nothing),
    ]
    with contextlib.ExitStack() as stack:
        for patch in patches:
            stack.enter_context(patch)
        try:
            script.main(arguments)
        finally:
            torch.set_grad_enabled(True)
    return torch.cat(watched.noise), torch.cat(watched.labels), torch.cat(decoder.latents)
