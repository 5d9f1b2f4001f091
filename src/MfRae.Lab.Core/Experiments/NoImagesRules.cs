using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Experiments;

/// <summary>Checks that nothing in an arm with a dataset of kind none needs images.</summary>
/// <param name="options">The arm's `base`, patched.</param>
/// <param name="evaluation">The experiment's `evaluation`.</param>
internal sealed class NoImagesRules(Diagnostics mistakes, OptionView options, OptionView evaluation)
{
    // The kinds that need neither training nor test images.
    private static readonly (string Stage, string[] Kinds)[] WithoutImages =
    [
        ("encoder", ["pretrained", "dinov2"]),
        ("decoder", ["pretrained", "none"]),
        ("latents", ["pretrained"]),
        ("teacher", ["pretrained", "none"]),
        ("cmt", ["pretrained", "none"]),
        ("meanflow", ["pretrained", "none"]),
    ];

    public void Check()
    {
        if (options.Kind("dataset") != "none")
        {
            return;
        }

        foreach (var (stage, kinds) in WithoutImages)
        {
            if (options.Kind(stage) is { } kind && !kinds.Contains(kind))
            {
                mistakes.Add(
                    options.MostLikelySource($"{stage}.kind", "dataset.kind"), $"{stage} of kind `{kind}` needs images, but the dataset is of kind `none`",
                    $"choose {stage} of kind {string.Join(" or ", kinds)}, or a dataset of kind imageFolder");
            }
        }

        if (options.Text("latents.cache") is { } cache && cache != "none")
        {
            Refuse(options.MostLikelySource("latents.cache", "dataset.kind"), $"`cache` {cache} keeps latents of images", "set `cache` to none");
        }

        if (options.Kind("study") is not null)
        {
            Refuse(options.At("study"), "`study` examines a network at latents of images", "remove it");
        }

        if (evaluation.Kind("features") == "inception")
        {
            Refuse(evaluation.At("features"), "features of kind `inception` are trained on images", "choose fidInception, dinov2 or torchScript");
        }

        foreach (string flag in (string[])["reconstruction", "probes"])
        {
            if (evaluation.Flag(flag) == true)
            {
                Refuse(evaluation.At(flag), $"`{flag}` measures images", $"write \"{flag}\": false");
            }
        }

        foreach (var split in evaluation.Scalars("references"))
        {
            if (split.Text is "test" or "train")
            {
                Refuse(split.Location, $"the reference {split.Text} has images", $"write \"{ReferenceStatisticsOptions.Reference}\", and name a file of statistics");
            }
        }
    }

    private void Refuse(Location at, string what, string advice) =>
        mistakes.Add(at, $"{what}, but the dataset is of kind `none`", $"{advice}, or choose a dataset of kind imageFolder");
}
