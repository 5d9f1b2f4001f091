namespace MfRae.Lab.Learning.Formats;

/// <summary>
/// A function or class that a pickle names. These few are known by name and stood in for; nothing is looked up, and every
/// other name is refused.
/// </summary>
/// <param name="Name">module.name</param>
/// <param name="Storage">The type of numbers, where it is a class of storages.</param>
internal sealed record PickledGlobal(string Name, ElementType? Storage = null)
{
    public const string OrderedDictionary = "collections.OrderedDict";
    public const string Tensor = "torch._utils._rebuild_tensor_v2";
    public const string OldTensor = "torch._utils._rebuild_tensor";
    public const string Parameter = "torch._utils._rebuild_parameter";
    public const string Size = "torch.Size";
    public const string Array = "numpy.core.multiarray._reconstruct";
    public const string NewArray = "numpy._core.multiarray._reconstruct";
    public const string ArrayClass = "numpy.ndarray";
    public const string Numbers = "numpy.dtype";
    public const string Encode = "_codecs.encode";

    private static readonly IReadOnlyList<PickledGlobal> Known =
    [
        new(OrderedDictionary), new(Tensor), new(OldTensor), new(Parameter), new(Size),
        new(Array), new(NewArray), new(ArrayClass), new(Numbers), new(Encode),
        .. ElementType.All.Select(type => new PickledGlobal("torch." + type.Storage, type)),
    ];

    public static PickledGlobal? Find(string name) => Known.FirstOrDefault(known => known.Name == name);
}
