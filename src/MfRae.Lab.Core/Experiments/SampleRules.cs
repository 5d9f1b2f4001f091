using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Experiments;

/// <summary>
/// Checks that there are enough samples and reference images for each metric, if the options give their numbers. A limit of 0 keeps all
/// images of a split, whose number is not in the options.
/// </summary>
/// <param name="options">The `base` of an arm, patched.</param>
/// <param name="headers">Source of the number of classes, and of the width of a pre-trained feature network.</param>
internal sealed class SampleRules(Diagnostics mistakes, OptionView options, OptionView evaluation, InputHeaders headers)
{
    // A covariance needs two images.
    private const int Pair = 2;

    // Training images next to each sample on the sheet of neighbours.
    private const int ShownNeighbours = 3;

    private const int FidInceptionWidth = 2048;

    // The pooled feature of the lab's network is 8 times as wide as a branch.
    private const int Branches = 8;

    /// <param name="sampled">Whether samples are drawn and measured.</param>
    public void Check(bool sampled)
    {
        double? samples = sampled ? options.Number("sampling.samples") : null;
        string[] references = [.. References()];
        CheckReferences(references);
        double? reference = references.Length == 0 || IsStatistics(references[0]) ? null : Limit(references[0]);
        CheckPermutedLabels(samples);
        CheckSheets();
        var kinds = OptionTypes.Evaluation().Find("metrics")?.Shape is ListShape { Item: UnionShape union } ? union : null;
        foreach (var metric in evaluation.Items("metrics"))
        {
            if (kinds?.Find(metric.GetText("kind")) is { } type)
            {
                CheckMetric(metric, new OptionView(metric, type), type.Kind!, samples, reference);
            }
        }
    }

    private void CheckMetric(LocatedObject metric, OptionView view, string kind, double? samples, double? reference)
    {
        void Need(double? least, double? count, string what, string reason)
        {
            if (count < least)
            {
                mistakes.Add(
                    metric.Location,
                    FormattableString.Invariant($"{kind} needs at least {least} {what}, but there are {count}: {reason}"),
                    what == "samples"
                        ? FormattableString.Invariant($"set sampling.samples to at least {least}, or change the metric")
                        : "raise the limit of the dataset, or change the metric");
            }
        }

        switch (kind)
        {
            case "inceptionScore" when view.Text("form") != InceptionScoreOptions.Adm:
                double? splits = view.Number("splits");
                Need(splits, samples, "samples", FormattableString.Invariant($"it splits them into {splits} parts"));
                Need(splits, evaluation.Flag("reconstruction") == true ? Limit("test") : null, "test images",
                    FormattableString.Invariant($"it splits their reconstructions into {splits} parts"));
                break;
            case "precisionRecall":
                double? neighbours = view.Number("neighbours"), density = view.Number("densityNeighbours");
                Need(neighbours + 1, samples, "samples", "each image needs that number of other images");
                Need(Math.Max(neighbours ?? 0, density ?? 0) + 1, reference, "reference images", "each image needs that number of other images");
                break;
            case "classFid" when headers.Dataset(options).Classes is { } classes:
                Need(Pair * classes, samples, "samples", "two for each class");
                Need(Pair * classes, reference, "reference images", "two for each class");
                break;
            case "fidInfinity":
                double? sizes = view.Number("sizes");
                Need(Pair * sizes, samples, "samples", FormattableString.Invariant($"its {sizes} subsets differ in size"));
                Need(Pair * Width(), samples, "samples", FormattableString.Invariant($"twice the {Width()} dimensions of a feature"));
                break;
            case "fidFloor":
                Need(Pair, Limit("train"), "training images", "a covariance needs two");
                break;
            case "memorisation":
                Need(ShownNeighbours, Limit("train"), "training images", "the nearest three are shown next to each sample");
                break;
        }
    }

    /// <summary>Checks that the released code's labels are as many for each class.</summary>
    private void CheckPermutedLabels(double? samples)
    {
        if (options.Text("sampling.labels") == SamplingOptions.PermutedLabels && options.Text("sampling.noise") != SamplingOptions.NoiseOfFile
            && headers.Dataset(options).Classes is { } classes && samples % classes > 0)
        {
            mistakes.Add(
                options.MostLikelySource("sampling.labels", "sampling.samples"),
                FormattableString.Invariant($"`labels` is permuted, but {samples} samples are not the same number for each of {classes} classes"),
                FormattableString.Invariant($"set `samples` to a multiple of {classes}, or `labels` to balanced"));
        }
    }

    private void CheckSheets()
    {
        foreach (var sheet in options.Items("sampling.sheets"))
        {
            if (OptionView.Numbers(sheet.Get("classes")) is not { } chosen)
            {
                continue;
            }

            if (chosen.Count == 0)
            {
                mistakes.Add(sheet.Get("classes")!.Location, "`classes` is empty", "write at least one class, e.g. [437]");
            }
            else if (headers.Dataset(options).Classes is { } classes && chosen.Max() >= classes)
            {
                mistakes.Add(
                    sheet.Get("classes")!.Location, FormattableString.Invariant($"there is no class {chosen.Max()}: the dataset has {classes} classes"),
                    FormattableString.Invariant($"write classes from 0 to {classes - 1}"));
            }
        }
    }

    private void CheckReferences(string[] references)
    {
        string[] measured = evaluation.Flag("reconstruction") == true ? [.. references, "test"] : references;
        foreach (string split in measured.Distinct().Where(split => !IsStatistics(split) && Limit(split) < Pair))
        {
            mistakes.Add(
                options.At($"dataset.{split}Limit"),
                $"`{split}Limit` is 1, but the reference `{split}` needs a covariance, which one image does not have",
                "keep at least 2 images");
        }
    }

    private IEnumerable<string> References() =>
        evaluation.Scalars("references").Select(item => item.Text).OfType<string>().Where(text => text is "test" or "train" || IsStatistics(text));

    private static bool IsStatistics(string reference) => reference == ReferenceStatisticsOptions.Reference;

    /// <summary>The number of images of a split, or null if all are kept.</summary>
    private double? Limit(string split) => options.Number($"dataset.{split}Limit") is > 0 and var limit ? limit : null;

    /// <summary>The dimensions of a feature, or null if only the network itself gives them.</summary>
    private int? Width() => evaluation.Kind("features") switch
    {
        "fidInception" => FidInceptionWidth,
        "inception" => Branches * (int?)evaluation.Number("features.width"),
        "randomConvolution" when evaluation.Number("features.layers") is { } layers =>
            2 * (int?)evaluation.Number("features.width") * ((1 << (int)layers) - 1),
        "pretrained" => WidthOf(headers.Weights(evaluation.Text("features.weights"))),
        _ => null,
    };

    // From the metadata of a safetensors file of the lab.
    private static int? WidthOf(WeightsHeader? file) => file?.Type switch
    {
        "fid-inception" => FidInceptionWidth,
        "inception" => Branches * (int?)file.Number("width"),
        _ => null,
    };
}

/// <summary>Checks that the feature networks accept the images of the dataset and predict its classes.</summary>
/// <param name="options">The arm's `base`, patched.</param>
/// <param name="evaluation">The experiment's `evaluation`.</param>
internal sealed class FeatureRules(Diagnostics mistakes, OptionView options, OptionView evaluation, InputHeaders headers)
{
    private static readonly string[] Networks = ["inception", "fid-inception", "dinov2-features", "random-convolution"];

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
                "features of kind `inception` need a dataset with more than one class: they are trained as a classifier",
                "choose features of kind fidInception, dinov2 or torchScript, which are trained on other images");
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
                    null => $"{name} does not describe its network, so it is not a file of the lab, which features of kind `pretrained` need",
                    "torchscript" => $"{name} describes a TorchScript network, whose script is in another file",
                    _ => $"{name} contains a network of type `{file.Type}`, but a feature network is needed",
                },
                file.Type == "torchscript" ? "choose features of kind torchScript, and name the script"
                    : "name a feature network, or choose features of kind inception, fidInception, dinov2 or torchScript");
            return;
        }

        if (file.Type != "inception")
        {
            // These networks resize images and convert grey images to RGB.
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
                $"the feature network {name} was trained on {seen?.ToString() ?? "colour"} images, but the dataset has {image} images",
                $"choose {network} of kind " + (network == "features" ? "inception, which is trained on the dataset, or " : "")
                    + "fidInception, dinov2 or torchScript");
        }
        else if (network == "features" && file.Number("classes") is { } known && dataset.Classes is { } classes && known != classes
            && Metric("classAccuracy") is { } accuracy)
        {
            mistakes.Add(
                accuracy.Location,
                FormattableString.Invariant($"classAccuracy with {name}, which predicts {known} classes, but the training images have {classes} classes"),
                "remove the metric, or choose features of kind inception, which is trained on the dataset");
        }
    }

    private LocatedObject? Metric(string kind) => evaluation.Items("metrics").FirstOrDefault(metric => metric.GetText("kind") == kind);

    /// <summary>The location that the user most likely wrote last, among an option of the evaluation and options of the arm.</summary>
    private Location Blame(string own, params string[] others)
    {
        var (first, second) = (evaluation.At(own), options.MostLikelySource(others));
        return second.Depth < first.Depth ? second : first;
    }
}
