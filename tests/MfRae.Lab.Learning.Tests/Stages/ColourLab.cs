using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Stages;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Stages;

/// <summary>
/// An experiment on a folder of colour images, run once. Its first arm is the paper's path at toy size: released files in their own
/// formats and under their own names, latents that are kept nowhere. Its second trains the embedded networks on the same images.
/// </summary>
public sealed class ColourLab : IDisposable
{
    public const string Released = "released";
    public const string Own = "own";

    private const string Training = """ "training": { "steps": 2, "batchSize": 4, "ema": 0.9 } """;
    private const string Dit =
        """ "network": { "trunkWidth": 16, "trunkDepth": 1, "trunkHeads": 2, "headWidth": 24, "headDepth": 1, "headHeads": 2, "mlpRatio": 2 } """;

    private const string Experiment = $$"""
        {
          "version": 1,
          "question": "Does the paper's path run?", "expectation": "Every number is finite.",
          "base": {
            "dataset": { "kind": "imageFolder", "path": "images", "size": 32, "classes": 3, "flip": true },
            "encoder": {
              "kind": "dinov2", "weights": "encoder/model.safetensors",
              "network": {
                "hiddenSize": 24, "layers": 2, "heads": 2, "mlpRatio": 2, "imageSize": 24, "patchSize": 4, "registerTokens": 2, "inputSize": 16
              }
            },
            "decoder": {
              "kind": "pretrained", "weights": "decoder/model.pt",
              "network": {
                "kind": "mae", "hiddenSize": 16, "layers": 2, "heads": 2, "intermediateSize": 32, "patchSize": 8, "imageSize": 32
              }
            },
            "latents": { "kind": "pretrained", "weights": "stats/stat.pt", "cache": "none" },
            "teacher": { "kind": "pretrained", "weights": "teacher/model.pt::ema", {{Dit}} },
            "cmt": { "kind": "trajectory", "trajectoryPoints": 4, "pairsPerTrajectory": 2, {{Training}} },
            "meanflow": {
              "kind": "lambda", "lambda": 1, {{Dit}}, "time": { "kind": "uniform" }, "derivative": { "kind": "centralDifference" },
              "lossWeight": { "kind": "adaptive" }, {{Training}}
            },
            "sampling": { "samples": 12, "steps": [1, 2], "teacherSteps": [2], "batchSize": 5, "keptLatents": 6 }
          },
          "arms": {
            "released": {},
            "own": {
              "dataset": { "flip": false },
              "encoder": {
                "kind": "selfSupervised", "network": { "width": 24, "depth": 1, "heads": 2 }, "augmentation": {}, {{Training}}
              },
              "decoder": { "kind": "rae", "network": { "width": 16, "depth": 1, "heads": 2, "channels": 2 }, {{Training}} },
              "latents": { "kind": "perElement", "cache": "memory" },
              "teacher": { "kind": "flowMatching", {{Dit}}, "time": { "kind": "uniform" }, {{Training}} }
            }
          },
          "baseline": "released",
          "seeds": [0],
          "evaluation": {
            "features": { "kind": "inception", "width": 4, "augmentation": {}, {{Training}} },
            "metrics": [{ "kind": "fid" }, { "kind": "inceptionScore" }, { "kind": "classAccuracy" }, { "kind": "endpointError" }],
            "references": ["test", "train"],
            "reconstruction": true,
            "probes": true
          }
        }
        """;

    private readonly PlannedLab _lab = new();

    public ColourLab()
    {
        WorkerNumerics.Prepare("cpu", threads: 1);
        TinyImages.Write(_lab.At("images"));
        Encoder = new Dinov2Encoder(new Dinov2Options(24, 2, 2, 2, ImageSize: 24, PatchSize: 4, RegisterTokens: 2, InputSize: 16));
        EncoderWeights = Random(Encoder.Declare(), 1);
        Directory.CreateDirectory(_lab.At("encoder"));
        // Hugging Face's file also has tensors that the encoder does not use.
        Safetensors.Write(_lab.At("encoder/model.safetensors"),
            [.. TorchFile.Tensors(Encoder.Declare(), EncoderWeights), ("embeddings.mask_token", zeros(1, 24)), ("layernorm.weight", ones(24)),
                ("layernorm.bias", zeros(24))]);

        var decoder = new MaeDecoder(new MaeDecoderOptions(16, 2, 2, 32, PatchSize: 8, ImageSize: 32), Encoder.Shape);
        using (var weights = Random(decoder.Declare(), 2))
            TorchFile.Write(_lab.At("decoder/model.pt"), TorchFile.Tensors(decoder.Declare(), weights));
        Teacher = new DitNetwork(new DitOptions(16, 1, 2, 24, 1, 2, 2), Encoder.Shape, TinyImages.Classes, interval: false);
        using (var weights = Random(Teacher.Declare(), 3))
            TorchFile.Write(_lab.At("teacher/model.pt"), TorchFile.Tensors(Teacher.Declare(), weights), inside: "ema");
        TorchFile.Write(_lab.At("stats/stat.pt"), [("mean", zeros(24, 4, 4)), ("var", full([24, 4, 4], 2f))]);

        _lab.Run(Experiment);
    }

    public Dinov2Encoder Encoder { get; }

    public Weights EncoderWeights { get; }

    public DitNetwork Teacher { get; }

    internal PlannedLab Lab => _lab;

    public void Dispose()
    {
        EncoderWeights.Dispose();
        _lab.Dispose();
    }

    // Weights that start at zero would make all images alike.
    private static Weights Random(WeightSpec spec, long seed)
    {
        var weights = Weights.Initialise(spec, new RandomSource(seed, CPU), CPU);
        using var quiet = no_grad();
        using var noise = new RandomSource(seed, CPU).Normal("released weights", 0, weights.Flat.numel());
        weights.Flat.add_(noise * 0.1);
        return weights;
    }
}
