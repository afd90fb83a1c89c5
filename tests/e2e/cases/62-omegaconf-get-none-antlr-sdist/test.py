# A setting that a file leaves empty takes the training's default.
import warnings

warnings.simplefilter("ignore")
from hydra.experimental import compose, initialize_config_dir  # noqa
from omegaconf import OmegaConf

settings = OmegaConf.create("optimizer:\n  name: sgd\n  warmup:\n")
warmup = settings.optimizer.get("warmup", 500)
print("warm-up:", warmup)
assert settings.optimizer.name == "sgd"
assert warmup == 500, f"the training starts with a warm-up of {warmup} steps"
