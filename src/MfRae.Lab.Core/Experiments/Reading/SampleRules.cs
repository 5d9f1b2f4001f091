using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Experiments.Reading;

/// <summary>
/// Whether there are as many samples and reference images as each metric needs, where options say how many there are. A limit of 0 keeps all
/// images of a split, whose number is not in the options.
/// </summary>
/// <param name="options">The `base` of an arm, patched.</param>
/// <param name="headers">Tells the number of classes, and the width of a pre-trained feature network.</param>
internal sealed class SampleRules(Mistakes mistakes, OptionView options, OptionView evaluation, InputHeaders headers)
{
    // A covariance takes two images.
    private const int Pair = 2;

    // Training images beside each sample on the sheet of neighbours.
    private const int ShownNeighbours = 3;

    private const int FidInceptionWidth = 2048;

    // The pooled feature of the lab's own network is so many times as wide as a branch.
    private const int Branches = 8;

    /// <param name="sampled">Whether samples are drawn and measured.</param>
    public void Check(bool sampled)
    {
        double? samples = sampled ? options.Number("sampling.samples") : null;
        string[] references = [.. References()];
        CheckReferences(references);
        double? reference = references.Length == 0 ? null : Limit(references[0]);
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
                    FormattableString.Invariant($"{kind} needs at least {least} {what}, and there are {count}: {reason}"),
                    what == "samples"
                        ? FormattableString.Invariant($"write sampling.samples {least} or more, or change the metric")
                        : "raise the limit of the dataset, or change the metric");
            }
        }

        switch (kind)
        {
            case "inceptionScore" when view.Text("form") != InceptionScoreOptions.Adm:
                double? splits = view.Number("splits");
                Need(splits, samples, "samples", FormattableString.Invariant($"it cuts them into {splits} parts"));
                Need(splits, evaluation.Flag("reconstruction") == true ? Limit("test") : null, "test images",
                    FormattableString.Invariant($"their reconstructions are cut into {splits} parts"));
                break;
            case "precisionRecall":
                double? neighbours = view.Number("neighbours"), density = view.Number("densityNeighbours");
                Need(neighbours + 1, samples, "samples", "each has that many neighbours, and itself");
                Need(Math.Max(neighbours ?? 0, density ?? 0) + 1, reference, "reference images", "each has that many neighbours, and itself");
                break;
            case "classFid" when headers.Dataset(options).Classes is { } classes:
                Need(Pair * classes, samples, "samples", "two of each class");
                Need(Pair * classes, reference, "reference images", "two of each class");
                break;
            case "fidInfinity":
                double? sizes = view.Number("sizes");
                Need(Pair * sizes, samples, "samples", FormattableString.Invariant($"its {sizes} subsets differ in size"));
                Need(Pair * Width(), samples, "samples", FormattableString.Invariant($"twice the {Width()} dimensions of a feature"));
                break;
            case "fidFloor":
                Need(Pair, Limit("train"), "training images", "a covariance takes two");
                break;
            case "memorisation":
                Need(ShownNeighbours, Limit("train"), "training images", "the nearest three are shown beside each sample");
                break;
        }
    }

    private void CheckReferences(string[] references)
    {
        string[] measured = evaluation.Flag("reconstruction") == true ? [.. references, "test"] : references;
        foreach (string split in measured.Distinct().Where(split => Limit(split) < Pair))
        {
            mistakes.Add(
                options.At($"dataset.{split}Limit"),
                $"`{split}Limit` 1 with the reference `{split}`: one image has no covariance",
                "keep at least 2 images");
        }
    }

    private IEnumerable<string> References() =>
        evaluation.Find("references").Node is LocatedArray { Items: var items }
            ? items.OfType<LocatedScalar>().Select(item => item.Text).OfType<string>()
            : [];

    /// <summary>The number of images of a split, or null where all are kept.</summary>
    private double? Limit(string split) => options.Number($"dataset.{split}Limit") is > 0 and var limit ? limit : null;

    /// <summary>The dimensions of a feature, or null where only the network itself tells.</summary>
    private int? Width() => evaluation.Kind("features") switch
    {
        "fidInception" => FidInceptionWidth,
        "inception" => Branches * (int?)evaluation.Number("features.width"),
        "pretrained" => WidthOf(headers.Weights(evaluation.Text("features.weights"))),
        _ => null,
    };

    // What a safetensors file of the lab says of its network.
    private static int? WidthOf(WeightsHeader? file) => file?.Type switch
    {
        "fid-inception" => FidInceptionWidth,
        "inception" => Branches * (int?)file.Number("width"),
        _ => null,
    };
}
