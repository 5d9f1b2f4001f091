using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace MfRae.Lab.Learning.Objectives;

/// <summary>
/// Learns a representation without labels: two augmented, partly masked views of an image must have the same mean token after a
/// projection (decoupled contrastive loss, arXiv 2110.06848), and the tokens of a view must reconstruct its pixels, so that they keep
/// the information that a decoder needs.
/// </summary>
public sealed class ContrastiveObjective(
    SelfSupervisedEncoderOptions options, VitEncoder encoder, IImageSource data, RandomSource random, Device device) : IObjective, IDisposable
{
    private const int ProjectionHidden = 256;
    private const int Projection = 128;

    private readonly ImageBatches _batches = new(data, options.Training.BatchSize, random);
    private readonly Augmenter _augmenter = new(options.Augmentation, random);

    private long PatchSide => encoder.Image.Rows / encoder.Shape.Rows;

    /// <summary>The weights of the encoder, and of heads that are used in training only.</summary>
    public WeightSpec Declare()
    {
        var spec = encoder.Declare();
        var width = (long)encoder.Options.Width;
        spec.Parameter("mask_token", [width], WeightSpec.Initial.Normal(0.02));
        spec.Linear("projector.0", width, ProjectionHidden);
        spec.Norm("projector_norm", ProjectionHidden);
        spec.Parameter("projector.1.weight", [Projection, ProjectionHidden], WeightSpec.Initial.Xavier(ProjectionHidden, Projection));
        spec.Linear("rebuild.0", width, 2 * width);
        spec.Linear("rebuild.1", 2 * width, encoder.Image.Channels * PatchSide * PatchSide);
        return spec;
    }

    /// <inheritdoc/>
    public ObjectiveValue Evaluate(Weights weights, long step)
    {
        var (pixels, _) = _batches.Draw(step, device);
        var views = cat([_augmenter.View(pixels, "view a", step), _augmenter.View(pixels, "view b", step)]);

        var embedded = encoder.Stem(weights, views);
        var masked = random.Uniform("mask", step, embedded.shape[0], embedded.shape[1], 1) < options.MaskRatio;
        var tokens = encoder.Tokens(weights, where(masked, weights["mask_token"], embedded));

        var contrast = Contrast(Project(weights, tokens.mean([1])));
        var rebuilt = Layers.Linear(weights, "rebuild.1", F.gelu(Layers.Linear(weights, "rebuild.0", tokens)));
        var error = (rebuilt - Patches(views)).square().mean();
        return new(contrast + (options.ReconstructionWeight * error), ("loss.contrastive", contrast), ("loss.pixels", error));
    }

    /// <inheritdoc/>
    public void Dispose() => _batches.Dispose();

    private static Tensor Project(Weights weights, Tensor pooled)
    {
        var hidden = Layers.Linear(weights, "projector.0", pooled);
        hidden = F.relu(F.batch_norm(hidden, null, null, weights["projector_norm.weight"], weights["projector_norm.bias"], training: true));
        return F.normalize(F.linear(hidden, weights["projector.1.weight"]), dim: -1);
    }

    // projected [2B, P], rows i and i + B are views of one image. The positive is left out of the denominator.
    private Tensor Contrast(Tensor projected)
    {
        var rows = projected.shape[0];
        var batch = rows / 2;
        var similarity = projected.matmul(projected.t()) / options.Temperature;
        var same = arange(rows, device: device).remainder(batch);
        var related = same.unsqueeze(0) == same.unsqueeze(1);
        var positive = cat([similarity.diagonal(batch), similarity.diagonal(-batch)]);
        return (similarity.masked_fill(related, double.NegativeInfinity).logsumexp(1) - positive).mean();
    }

    // [B, C, H, W] → [B, tokens, pixels and channels of a token].
    private Tensor Patches(Tensor pixels) => pixels.unfold(2, PatchSide, PatchSide).unfold(3, PatchSide, PatchSide)
        .permute(0, 2, 3, 1, 4, 5)
        .reshape(pixels.shape[0], encoder.Shape.Tokens, -1);
}
