namespace MfRae.Lab.Core.Experiments.Reading;

/// <summary>Whether the networks that measure images can see the dataset's images and know its classes.</summary>
/// <param name="options">The arm's `base`, patched.</param>
/// <param name="evaluation">The experiment's `evaluation`.</param>
internal sealed class FeatureRules(Mistakes mistakes, OptionView options, OptionView evaluation, InputHeaders headers)
{
    private static readonly string[] Networks = ["inception", "fid-inception", "dinov2-features"];

    public void Check()
    {
        if (options.Kind("dataset") is null or "oracle")
        {
            return;
        }

        var dataset = headers.Dataset(options);
        if (evaluation.Kind("features") == "inception" && dataset.Classes == 1)
        {
            mistakes.Add(
                Blame("features.kind", "dataset.classes", "dataset.path"),
                "features of kind `inception` on a dataset of one class: a classifier with one class learns nothing",
                "choose features of kind fidInception, dinov2 or torchScript, whose weights know other images");
        }

        Check("features", dataset);
        Check("secondFeatures", dataset);
    }

    private void Check(string network, DatasetImages dataset)
    {
        string path = $"{network}.weights";
        string? name = evaluation.Text(path);
        if (evaluation.Kind(network) != "pretrained" || headers.Weights(name) is not { } file)
        {
            return;
        }

        if (file.Type is null || !Networks.Contains(file.Type))
        {
            mistakes.Add(
                evaluation.At(path),
                file.Type switch
                {
                    null => $"{name} does not describe its network, and features of kind `pretrained` are of the lab",
                    "torchscript" => $"{name} describes a TorchScript network, whose script is another file",
                    _ => $"{name} holds a network of type `{file.Type}`, and a feature network is needed",
                },
                file.Type == "torchscript" ? "choose features of kind torchScript, and name the script"
                    : "name a feature network, or choose features of kind inception, fidInception, dinov2 or torchScript");
            return;
        }

        if (file.Type != "inception")
        {
            // These networks resize images and repeat grey ones.
            return;
        }

        long channels = file.Number("channels") ?? 1;
        var seen = file.Sizes("image") is { } sizes ? new ImageSize(sizes.Channels, sizes.Rows, sizes.Columns)
            : channels == 1 ? ImageSize.Mnist
            : null;
        bool fits = seen is null ? channels == 3 : dataset.Image is null || seen.Rows == dataset.Image.Rows && seen.Columns == dataset.Image.Columns;
        if (dataset.Image is { } image && (!fits || image.Channels > channels))
        {
            mistakes.Add(
                Blame(path, "dataset.size", "dataset.path", "dataset.kind"),
                $"the feature network {name} was trained on {seen?.ToString() ?? "colour"} images, the dataset has {image} images",
                $"choose {network} of kind " + (network == "features" ? "inception, which is trained on the dataset, or " : "")
                    + "fidInception, dinov2 or torchScript");
        }
        else if (network == "features" && file.Number("classes") is { } known && dataset.Classes is { } classes && known != classes
            && Metric("classAccuracy") is { } accuracy)
        {
            mistakes.Add(
                accuracy.Location,
                FormattableString.Invariant($"classAccuracy with {name}, which knows {known} classes, on training images of {classes} classes"),
                "remove the metric, or choose features of kind inception, which is trained on the dataset");
        }
    }

    private LocatedObject? Metric(string kind) => evaluation.Items("metrics").FirstOrDefault(metric => metric.GetText("kind") == kind);

    /// <summary>Of an option of the evaluation and options of the arm, the place that the user most likely wrote last.</summary>
    private Location Blame(string own, params string[] others)
    {
        var (first, second) = (evaluation.At(own), options.Blame(others));
        return second.Depth < first.Depth ? second : first;
    }
}
